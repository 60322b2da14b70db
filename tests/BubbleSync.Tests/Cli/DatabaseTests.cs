using System.Diagnostics;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.EmbeddedPostgres;
using BubbleSync.Tests.Resync;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>The commands of <c>database</c>: where the embedded one lies, how long it runs, and what they say of another server.</summary>
public sealed class DatabaseTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task The_embedded_database_lies_beside_the_settings_and_runs_from_start_to_stop()
    {
        var folder = Directory.CreateTempSubdirectory("bubblesync-database-").FullName;
        var (config, cluster) = (Path.Combine(folder, "settings.json"), Path.Combine(folder, ".bubblesync", "postgres"));
        await File.WriteAllTextAsync(config, "{}");
        try
        {
            var made = await RunAsync("/", "psql", "--command", "create table kept as select 42 as n");
            Assert.Equal((0, false), (made.Code, EmbeddedCluster.Inspect(cluster).IsRunning));

            var url = new Uri((await RunAsync(folder, "url")).Output.Trim());
            Assert.Equal(42, await ReadAsync(url, "select n from kept"));

            // A crash of the machine leaves the files of a server that is gone; the next command does not take it for a running one, and leaves none.
            using (var server = Process.GetProcessById(EmbeddedCluster.Inspect(cluster).ProcessId!.Value))
                server.Kill();
            var runs = await ChildProcess.BubblesyncAsync("/", ["runs", "list", "--config", config]);
            Assert.EndsWith($"target: database bubblesync, schema public, of the embedded PostgreSQL in {cluster}\n", runs.Output, StringComparison.Ordinal);
            Assert.False(EmbeddedCluster.Inspect(cluster).IsRunning, runs.All);

            var started = (await RunAsync("/", "start", "--output", "json")).Json;
            Assert.Equal((true, true, url.Port), (
                started.GetProperty("running").GetBoolean(), started.GetProperty("kept").GetBoolean(), started.GetProperty("port").GetInt32()));
            Assert.Equal(42, await ReadAsync(url, "select n from kept"));

            var stopped = (await RunAsync("/", "stop", "--output", "json")).Json;
            Assert.False(stopped.GetProperty("running").GetBoolean());
            Assert.True(stopped.GetProperty("bytes").GetInt64() > 0);
        }
        finally
        {
            ClusterFolder.Delete(folder);
        }

        Task<Outcome> RunAsync(string from, params string[] words) => ChildProcess.BubblesyncAsync(from, ["database", .. words, "--config", config]);
    }

    [Fact]
    public async Task Of_another_server_the_address_is_printed_without_its_password_and_its_life_is_its_own()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        var keywords = new NpgsqlConnectionStringBuilder(fixture.Connection);

        var url = await Bubblesync.RunAsync(fixture, "database");
        var start = await Bubblesync.RunAsync(fixture, "database", "start");

        Assert.Equal($"postgresql://{keywords.Username}@127.0.0.1:{keywords.Port}/{keywords.Database}\n", url.Output);
        Assert.Equal((2, ""), (start.Code, start.Output));
        Assert.Contains("only the embedded PostgreSQL", start.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(keywords.Password!, url.All + start.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgresql://me:s%40e@db.net/shop?sslmode=require", "postgresql://me@db.net:5432/shop?sslmode=require", "db.net", "5432")]
    [InlineData("Host=a:1,b:2;Database=shop;Username=me", "postgresql://me@a:1,b:2/shop", "a,b", "1,2")]
    [InlineData("host=/var/run/postgresql dbname=shop user=me", "postgresql://me@%2Fvar%2Frun%2Fpostgresql:5432/shop", "/var/run/postgresql", "5432")]
    [InlineData("postgresql://me@[::1]:7000/shop", "postgresql://me@[::1]:7000/shop", "::1", "7000")]
    public void An_address_and_the_variables_of_libpq_name_the_server(string connection, string url, string hosts, string ports)
    {
        var settings = new PostgresSettings { ConnectionString = connection };

        var variables = LibpqAddress.Variables(settings);

        Assert.Equal(url, LibpqAddress.Url(settings, withPassword: false));
        Assert.Equal((hosts, ports, "shop", "me"), (variables["PGHOST"], variables["PGPORT"], variables["PGDATABASE"], variables["PGUSER"]));
        Assert.Equal(connection.Contains("s%40e", StringComparison.Ordinal) ? "s@e" : null, variables.GetValueOrDefault("PGPASSWORD"));
    }

    [Fact]
    public async Task Another_server_that_has_the_id_of_ours_is_not_taken_for_it()
    {
        await using var source = NpgsqlDataSource.Create(await postgres.CreateDatabaseAsync());
        await using var command = source.CreateCommand("show data_directory");
        var data = (string)(await command.ExecuteScalarAsync())!;
        var server = new ServerProcess(PidFile.Read(data)!.ProcessId);

        Assert.True(server.IsRunningOn(data));
        Assert.Equal(OperatingSystem.IsLinux(), server.IsOfOtherData("/elsewhere/data"));
        var other = Directory.CreateTempSubdirectory("bubblesync-data-").FullName;
        Assert.Equal(OperatingSystem.IsLinux(), server.IsOfOtherData(other));
        if (OperatingSystem.IsWindows())
            return;

        // The same folder under another name.
        var link = Path.Combine(other, "link");
        Directory.CreateSymbolicLink(link, Path.GetDirectoryName(data)!);
        Assert.True(server.IsRunningOn(Path.Combine(link, Path.GetFileName(data))));
    }

    private static async Task<object?> ReadAsync(Uri url, string sql)
    {
        var user = url.UserInfo.Split(':');
        await using var connection = new NpgsqlConnection($"Host={url.Host};Port={url.Port};Database={url.AbsolutePath[1..]};Username={user[0]};"
            + $"Password={user[1]};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
