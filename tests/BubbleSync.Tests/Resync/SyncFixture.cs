using System.Globalization;
using BubbleSync.Etl;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace BubbleSync.Tests.Resync;

/// <summary>A simulator, a fresh database with the tables in it, and the engine between them. Nothing is generated unless asked for.</summary>
internal sealed class SyncFixture : IAsyncDisposable
{
    /// <summary>A Modified Date, and one that is later.</summary>
    public const string Early = "2026-03-01T08:00:00.000Z";
    public const string Late = "2026-04-01T09:30:00.250Z";

    // Enough to work at the same time. Most of the server's work for a small run is to begin and end its sessions.
    private const int Sessions = 4;

    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(5));
    private readonly NpgsqlDataSource _database;
    private readonly List<string> _folders = [];

    private SyncFixture(SimulatorServer bubble, string connection)
    {
        Bubble = bubble;
        Connection = connection;
        _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection) { Timezone = "UTC" }.ConnectionString);
        Settings = SettingsFor(connection) with
        {
            Bubble = new BubbleSettings { BaseUrl = new Uri(bubble.BaseUrl + "/"), ApiToken = new SimulatorOptions().Token, RequestsPerMinute = 1_000_000 },
        };
    }

    public SimulatorServer Bubble { get; }

    public string Connection { get; }

    public SyncSettings Settings { get; set; }

    /// <summary>The engine's clock.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    public CancellationToken Limit => _limit.Token;

    /// <summary>Sets everything up; the tables too, unless <paramref name="tables"/> says no.</summary>
    public static async Task<SyncFixture> OpenAsync(PostgresFixture postgres, SimulatorOptions? options = null, bool tables = true)
    {
        var connection = tables ? await postgres.CreateMirrorAsync(MakeTablesAsync) : await postgres.CreateDatabaseAsync();
        var fixture = await OpenAsync(connection, options, tables: false);
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { MaxConnections = Sessions } };
        return fixture;
    }

    /// <summary>The same in a database that is there already, with as many sessions as runs take by default.</summary>
    public static async Task<SyncFixture> OpenAsync(string connection, SimulatorOptions? options = null, bool tables = true)
    {
        var bubble = await SimulatorServer.StartAsync(options ?? new SimulatorOptions { Invoices = 0 }, CancellationToken.None);
        var fixture = new SyncFixture(bubble, connection);
        if (tables)
            await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        return fixture;
    }

    /// <summary>Lets runs take as many sessions as they take by default: some wait for each other.</summary>
    public void UseAllSessions() =>
        Settings = Settings with { Postgres = Settings.Postgres with { MaxConnections = new PostgresSettings().MaxConnections } };

    private static Task MakeTablesAsync(string connection) =>
        new SyncEngine(SettingsFor(connection), TimeProvider.System, NullLogger<SyncEngine>.Instance).ApplySchemaAsync(CancellationToken.None);

    private static SyncSettings SettingsFor(string connection) => new()
    {
        Postgres = new PostgresSettings { ConnectionString = connection },
        Run = new RunSettings { Entities = Config("entities"), Patches = Config("patches"), Schema = Config("schema") },
    };

    /// <summary>A Bubble id of which only the number differs.</summary>
    public static string Id(int number) => string.Create(CultureInfo.InvariantCulture, $"1769904000000x{100_000_000_000_000_000 + number}");

    /// <summary>A record as Bubble sends it: id, dates and <paramref name="fields"/>, which are JSON without braces.</summary>
    public static string Record(int number, string? modified, string fields = "", string created = "2026-02-01T00:00:00.000Z") =>
        "{" + string.Join(", ", new[]
        {
            $"\"_id\": \"{Id(number)}\"",
            $"\"Created Date\": \"{created}\"",
            modified is null ? "" : $"\"Modified Date\": \"{modified}\"",
            fields,
        }.Where(part => part.Length > 0)) + "}";

    public SyncEngine Engine() => new(Settings, Clock, NullLogger<SyncEngine>.Instance);

    public Task<RunReport> ResyncAsync(params string[] entities) => ResyncAsync(new ResyncOptions { Entities = entities });

    public Task<RunReport> ForceAsync(params string[] entities) => ResyncAsync(new ResyncOptions { Entities = entities, Force = true });

    public Task<RunReport> ResyncAsync(ResyncOptions options) => Engine().ResyncAsync(options, null, Limit);

    public void Put(string type, string record) => Bubble.Records.Put(type, record);

    /// <summary>Reaches the same app at another address, as a test's own proxy has one; what was recorded of the app moves along.</summary>
    public async Task MoveAsync(Uri address)
    {
        Settings = Settings with { Bubble = Settings.Bubble with { BaseUrl = address } };
        await ClaimAsync();
    }

    /// <summary>Makes the fixture's app the one that the database mirrors, whichever it was.</summary>
    public async Task ClaimAsync()
    {
        var address = MirroredSource.AddressOf(Settings.Bubble.BaseUrl!);
        if (await ScalarAsync<bool>("select to_regclass('bubblesync.run_target') is not null"))
            await ExecuteAsync(
                $"update bubblesync.source set address = '{address}'; "
                + $"update bubblesync.run_target set identity = '{address}' || substring(identity from position(' ' in identity))");
    }

    /// <summary>Uses other windows and pages.</summary>
    public SyncFixture With(int? windowSize = null, int? pageSize = null, int? offsetCeiling = null)
    {
        var bubble = Settings.Bubble;
        Settings = Settings with
        {
            Bubble = bubble with
            {
                WindowSize = windowSize
                ?? bubble.WindowSize,
                PageSize = pageSize ?? bubble.PageSize,
                OffsetCeiling = offsetCeiling ?? bubble.OffsetCeiling
            },
        };
        return this;
    }

    /// <summary>Uses patches of its own, by name; none at all where none is given.</summary>
    public SyncFixture WithPatches(params (string Name, string Sql)[] patches)
    {
        Settings = Settings with { Run = Settings.Run with { Patches = Folder(patches.Select(p => (p.Name + ".sql", p.Sql))) } };
        return this;
    }

    /// <summary>Uses maps of its own: the shipped ones, one of them edited.</summary>
    public SyncFixture WithMap(string entity, Func<string, string> edit) => WithMaps((entity + ".json", edit));

    /// <summary>Uses maps of its own: the shipped ones, some of them edited or added.</summary>
    public SyncFixture WithMaps(params (string File, Func<string, string> Edit)[] edits)
    {
        Settings = Settings with { Run = Settings.Run with { Entities = Edited("entities", edits) } };
        return this;
    }

    /// <summary>Uses table scripts of its own: the shipped ones, one of them edited or added.</summary>
    public SyncFixture WithTable(string table, Func<string, string> edit)
    {
        Settings = Settings with { Run = Settings.Run with { Schema = Edited("schema", [(table + ".sql", edit)]) } };
        return this;
    }

    /// <summary>Forgets the fixture's own connections, after something that broke them.</summary>
    public void Reconnect() => _database.Clear();

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Limit);
    }

    /// <summary>The first column of the first row; null for SQL's NULL and for no row.</summary>
    public async Task<T?> ScalarAsync<T>(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Limit) is T value ? value : default;
    }

    /// <summary>All rows, each as its columns in PostgreSQL's words, joined by <c>|</c>; NULL is <c>~</c>.</summary>
    public async Task<List<string>> RowsAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(Limit);
        var rows = new List<string>();
        while (await reader.ReadAsync(Limit))
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "~" : Word(reader.GetValue(i)))));
        return rows;
    }

    /// <summary>The only row of a query, as <see cref="RowsAsync"/> writes it.</summary>
    public async Task<string> RowAsync(string sql) => Xunit.Assert.Single(await RowsAsync(sql));

    /// <summary>Every row of every target table, with the transaction that wrote it: the same twice means that nothing was written between.</summary>
    public async Task<IReadOnlyList<string>> SnapshotAsync()
    {
        var rows = new List<string>();
        foreach (var map in Maps.All)
            rows.AddRange((await RowsAsync($"select xmin::text, ctid::text, t::text from \"{map.Table}\" t order by "
                + $"\"{map.Key}\"")).Select(row => $"{map.Table}: {row}"));
        return rows;
    }

    /// <summary>Every row of every target table, less what depends on when and in which order rows were written.</summary>
    public async Task<IReadOnlyList<string>> EndStateAsync()
    {
        var rows = new List<string>();
        foreach (var map in Maps.All)
            rows.AddRange((await RowsAsync($"select (to_jsonb(t) - 'id' - 'last_synced_at')::text from \"{map.Table}\" t order by \"{map.Key}\" "
                + "collate \"C\"")).Select(row => $"{map.Table}: {row}"));
        return rows;
    }

    /// <summary>The staging tables that are there.</summary>
    public Task<List<string>> StagingAsync() => RowsAsync("select tablename from pg_tables where schemaname = 'bubblesync_staging' order by 1");

    /// <summary>Waits until a query that gives one boolean says true.</summary>
    public async Task UntilAsync(string sql)
    {
        while (!await ScalarAsync<bool>(sql))
            await Task.Delay(10, Limit);
    }

    public async ValueTask DisposeAsync()
    {
        await Bubble.DisposeAsync();
        await _database.DisposeAsync();
        _limit.Dispose();
        foreach (var folder in _folders)
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>A folder with these files, which goes when the fixture does.</summary>
    public string Folder(IEnumerable<(string Name, string Text)> files)
    {
        var folder = Directory.CreateTempSubdirectory("bubblesync-test-").FullName;
        _folders.Add(folder);
        foreach (var (name, text) in files)
            File.WriteAllText(Path.Combine(folder, name), text);
        return folder;
    }

    private string Edited(string folder, (string File, Func<string, string> Edit)[] edits)
    {
        var files = Directory.GetFiles(Config(folder)).ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
        foreach (var (file, edit) in edits)
            files[file] = edit(files.GetValueOrDefault(file, ""));
        return Folder(files.Select(f => (f.Key, f.Value)));
    }

    private static string Config(string folder) => Path.Combine(Repository.Root, "config", folder);

    private static string Word(object value) => value switch
    {
        DateTime moment => moment.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture),
        string[] list => "{" + string.Join(',', list) + "}",
        bool yes => yes ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
