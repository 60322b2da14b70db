using BubbleSync.Etl.Config;
using BubbleSync.Etl.Load;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Audit;

/// <summary>A doctor's look at the database.</summary>
internal sealed class TargetExamination(TargetDatabase database, DoctorChecks checks)
{
    private const string NatureSql =
        """
        select pg_encoding_to_char(d.encoding)::text,
               case when pg_is_in_recovery() then 'the server is a standby. Write to the primary'
                    when s.setting = 'on' then format('default_transaction_read_only is on, from: %s. Take it back: %s', s.source, case s.source
                      when 'database' then format('alter database %I reset default_transaction_read_only;', d.datname)
                      when 'user' then format('alter role %I reset default_transaction_read_only;', current_user)
                      when 'database user' then format('alter role %I in database %I reset default_transaction_read_only;', current_user, d.datname)
                      else 'set default_transaction_read_only = off there' end) end
        from pg_database d, pg_settings s where d.datname = current_database() and s.name = 'default_transaction_read_only'
        """;

    /// <summary>Looks at the database itself, at tables, keys and rights.</summary>
    public async Task RunAsync(IReadOnlyList<EntityMap>? maps, CancellationToken cancellationToken)
    {
        await ExamineNatureAsync(cancellationToken);
        if (maps is null)
        {
            checks.Skip("tables", "the entity maps cannot be read");
            return;
        }

        var plan = PlanCompiler.Compile(maps, await database.ReadCatalogueAsync(cancellationToken), []);
        foreach (var map in maps)
        {
            var faults = plan.Faults.Where(f => f.Entity == map.Name).ToList();
            var narrow = plan.Gaps.Where(g => g.Entity == map.Name && faults.TrueForAll(f => f.Field != g.Column)).Select(g => $"{g.What} Change it: {g.Ddl}");
            List<string> wrong = [.. faults.Select(f => f.Message), .. narrow];
            checks.Add($"table {map.Table}", wrong.Count == 0, wrong.Count == 0 ? "every mapped column is there and fits" : string.Join(" ", wrong));
        }

        await using var connection = await database.ConnectAsync(cancellationToken);
        var rights = new RightsExamination(connection, checks);
        foreach (var entity in plan.Sound)
        {
            var found = entity.HasUniqueKey ? "there" : await MissingKeyAsync(connection, entity, rights, cancellationToken);
            checks.Add($"unique key {entity.Target.Name}.{entity.KeyName}", entity.HasUniqueKey, found);
        }

        await rights.RunAsync(database.Schema, plan.Gaps.Any(g => g.Code == "table-missing"), plan.Sound, cancellationToken);
    }

    private static async Task<string> MissingKeyAsync(
        NpgsqlConnection connection, EntityPlan entity, RightsExamination rights, CancellationToken cancellationToken)
    {
        try
        {
            await UniqueKeys.CheckAsync(connection, entity, cancellationToken);
        }
        catch (SyncException duplicates)
        {
            return duplicates.Message;
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            // The checks of rights name the missing ones.
        }

        return await rights.MayIndexAsync(entity, cancellationToken) ? "missing; the next run makes it"
            : $"missing, and only the table's owner can make it: {Ddl.UniqueIndex(entity.Table, entity.KeyName)}";
    }

    private async Task ExamineNatureAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var (encoding, refusal) = (await connection.RowsAsync(NatureSql, r => (r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1)), cancellationToken))[0];
        // SQL_ASCII takes all bytes as they come, UTF8's too (manual, "Character Set Support").
        var holdsAll = encoding is "UTF8" or "SQL_ASCII";
        checks.Add("encoding", holdsAll, holdsAll ? encoding : $"{encoding} lacks characters that Bubble may send, and the first of them stops a run. Make a database with: create database … encoding 'UTF8' template template0;");
        checks.Add("writing", refusal is null, refusal ?? "allowed");
    }

    /// <summary>Looks whether the disk has room for what a resync writes.</summary>
    /// <param name="bytes">How much JSON Bubble would send.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task ExamineDiskAsync(long bytes, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        // Only a superuser, or a member of pg_read_all_settings, is told where the server keeps its data.
        var folder = await connection.ScalarAsync<string>("select setting from pg_settings where name = 'data_directory' and inet_server_addr() is null or name = 'data_directory' and host(inet_server_addr()) in ('127.0.0.1', '::1')", cancellationToken);
        if (folder is null || !Directory.Exists(folder))
        {
            checks.Skip("disk", $"the server does not tell how much room it has; a resync of everything wants about {Megabytes(Needed(bytes))} of it");
            return;
        }

        var free = new DriveInfo(folder).AvailableFreeSpace;
        checks.Add("disk", free > Needed(bytes), $"{Megabytes(free)} free, and a resync of everything wants about {Megabytes(Needed(bytes))}{(free > Needed(bytes) ? "" : $". Make room at {folder}, or resync entity by entity")}");
    }

    // Staged, stored and logged: each about as large as the JSON without its names.
    private static long Needed(long bytes) => bytes * 3;

    private static string Megabytes(long bytes) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(bytes + 1_048_575) / 1_048_576:N0} MB");
}
