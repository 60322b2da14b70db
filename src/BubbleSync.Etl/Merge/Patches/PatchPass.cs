using System.Security.Cryptography;
using System.Text;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using Npgsql;

namespace BubbleSync.Etl.Merge.Patches;

/// <summary>
/// What the patches of one stage look at: all rows, or those that this run wrote and those that earlier runs left because they ended before their patches had
/// seen them. Runs at the same time do not see each other's notes, but they see each other's committed rows.
/// </summary>
internal sealed class PatchPass
{
    // The notes of runs that have ended, in whatever way, become notes of this run. So the end of the pass deletes only what its patches could see: a run that
    // is resumed meanwhile makes notes of its own. A run lives as long as its lock; its row says "running" for longer if its process was killed.
    private const string BeginSql =
        $"""
        with {Ended}, taken as (
          delete from bubblesync.touched_row t using ended e where t.run_id = e.run_id and t.target_schema = @schema returning t.entity, t.bubble_id
        ), noted as ({NoteTaken}), unmarked as (
          update bubblesync.touched_row set by_patch = false where target_schema = @schema and run_id = @run and by_patch
        )
        {Found}
        """;

    // A dry run is rolled back. Until then it locks no rows of other runs.
    private const string BeginDrySql =
        $"""
        with {Ended}, taken as (
          select t.entity, t.bubble_id from bubblesync.touched_row t join ended e on t.run_id = e.run_id where t.target_schema = @schema
        ), noted as ({NoteTaken})
        {Found}
        """;

    private const string Ended =
        $"""
        ended as materialized (
          select r.run_id
          from (select distinct t.run_id from bubblesync.touched_row t where t.target_schema = @schema and t.run_id <> @run) r
          where {RunLockSql.IsLeft}
        )
        """;

    private const string NoteTaken =
        """
        insert into bubblesync.touched_row (target_schema, run_id, entity, bubble_id)
        select distinct @schema, @run, t.entity, t.bubble_id from taken t on conflict do nothing
        """;

    private const string Found =
        """
        select array(select t.entity from bubblesync.touched_row t where t.target_schema = @schema and t.run_id = @run union select t.entity from taken t),
               array(select p.patch || ' ' || p.fingerprint from bubblesync.patch_state p where p.target_schema = @schema)
        """;

    // Rows that do not change are not written, so that they are not locked.
    private const string MirroredSql =
        $"""
        with {Listed}, gone as (
          delete from bubblesync.mirrored_table o where o.target_schema = @schema and not exists (select from listed l where l.entity = o.entity)
        )
        insert into bubblesync.mirrored_table (target_schema, entity, relation, key_name)
        select @schema, l.entity, l.relation, l.key_name from listed l
        where not exists (
          select from bubblesync.mirrored_table o
          where o.target_schema = @schema and (o.entity, o.relation, o.key_name) = (l.entity, l.relation, l.key_name))
        on conflict (target_schema, entity) do update set relation = excluded.relation, key_name = excluded.key_name
        """;

    private const string MirroredDrySql =
        $"with {Listed} select set_config('bubblesync.mirrored', (select coalesce(jsonb_agg(to_jsonb(l)), '[]') from listed l)::text, true)";

    private const string Listed = "listed as (select * from unnest(@entities, @relations, @keys) l (entity, relation, key_name))";

    private const string MarkSql = "insert into bubblesync.touched_row (target_schema, run_id, entity, bubble_id) values (@schema, @run, @all, 'patches') "
        + "on conflict do nothing";

    private readonly PatchScope _scope;
    private readonly HashSet<string> _entities;
    private readonly HashSet<string> _seen;
    private bool _isFull;
    private bool _isMarked;

    private PatchPass(PatchScope scope, bool isDryRun, IEnumerable<string> entities, IEnumerable<string> seen)
    {
        (_scope, IsDryRun, _entities, _seen) = (scope, isDryRun, [.. entities], [.. seen]);
        _isFull = scope.IsFull || _entities.Contains(TouchedRows.All);
    }

    /// <summary>Whether everything is rolled back. Then nothing is written that other runs would wait for.</summary>
    public bool IsDryRun { get; }

    private (string, object?)[] Names => [("schema", _scope.Schema), ("run", _scope.RunId)];

    /// <summary>
    /// Finds out what the patches have to look at, and notes that all rows are to be looked at until the pass ends: if it is cut off, the next one sees all.
    /// </summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="scope">What the stage does.</param>
    /// <param name="isDryRun">Whether everything is rolled back.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<PatchPass> BeginAsync(NpgsqlConnection connection, PatchScope scope, bool isDryRun, CancellationToken cancellationToken)
    {
        var pass = (await connection.RowsAsync(
            isDryRun ? BeginDrySql : BeginSql, r => new PatchPass(scope, isDryRun, r.GetFieldValue<string[]>(0), r.GetFieldValue<string[]>(1)),
            cancellationToken, ("schema", scope.Schema), ("run", scope.RunId)))[0];
        pass._isMarked = scope.AreAll && !isDryRun && (pass._entities.Count > 0 || scope.Patches.Any(pass.IsFull));
        if (pass._isMarked)
            await connection.ExecuteAsync(MarkSql, cancellationToken, [.. pass.Names, ("all", TouchedRows.All)]);
        // A function that it calls, or its report, may read touched rows too.
        if (scope.Patches.Any(pass.IsFull))
            await pass.NoteMirroredAsync(connection, cancellationToken);
        return pass;
    }

    /// <summary>Whether a patch looks at all rows: it does not ask what was touched, or it has not seen all rows yet as it is now.</summary>
    public bool IsFull(PatchFile patch) => _isFull || !patch.ReadsTouchedRows || !_seen.Contains(Seen(patch));

    /// <summary>Whether a patch has nothing to look at.</summary>
    public bool IsIdle(PatchFile patch)
    {
        var named = _scope.Plans.Where(p => patch.Tables.Contains(p.Target.Name)).Select(p => p.Name).ToList();
        return !IsFull(patch) && !(named.Count < patch.Tables.Count || named.Count == 0 ? _entities.Count > 0 : _entities.Overlaps(named));
    }

    /// <summary>The value of the setting <c>bubblesync.touched</c> for a patch.</summary>
    public string Setting(PatchFile patch) => IsFull(patch) ? "all" : $"{_scope.RunId}";

    /// <summary>Adds what a patch wrote, for the patches after it.</summary>
    public void Add(PatchOutcome outcome)
    {
        _entities.UnionWith(outcome.Written.Select(r => r.Entity));
        _isFull |= outcome.WroteOthers || outcome.Written.Count > TouchedRows.MostListed;
    }

    /// <summary>Notes that a patch has seen all rows, in its own transaction.</summary>
    public async Task NoteSeenAsync(NpgsqlConnection connection, PatchFile patch, CancellationToken cancellationToken)
    {
        if (IsDryRun || !patch.ReadsTouchedRows || _seen.Contains(Seen(patch)))
            return;

        await connection.ExecuteAsync(
            """
            insert into bubblesync.patch_state (target_schema, patch, fingerprint) values (@schema, @patch, @fingerprint)
            on conflict (target_schema, patch) do update set fingerprint = excluded.fingerprint
            """,
            cancellationToken, ("schema", _scope.Schema), ("patch", patch.Name), ("fingerprint", Fingerprint(patch)));
    }

    /// <summary>
    /// Ends the pass: what all patches have seen is no longer noted; what patches wrote stays for those before them. Those that did not run to their end, or
    /// are not among them, see all rows next time.
    /// </summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="reports">The results of all patches.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<long> EndAsync(NpgsqlConnection connection, IEnumerable<PatchReport> reports, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            """
            with unseen as (delete from bubblesync.patch_state where target_schema = @schema and patch <> all(@succeeded))
            delete from bubblesync.touched_row where target_schema = @schema and run_id = @run and not by_patch
            """,
            cancellationToken, [.. Names, ("succeeded", reports.Where(r => r.Status == PatchStatus.Succeeded).Select(r => r.Name).ToArray())]);

    /// <summary>Whether there is anything to end.</summary>
    /// <param name="reports">The results of all patches.</param>
    public bool MustEnd(IEnumerable<PatchReport> reports) =>
        _scope.AreAll && !IsDryRun && (_isMarked || reports.Any(r => r.Status != PatchStatus.Succeeded));

    private Task<long> NoteMirroredAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => connection.ExecuteAsync(
        IsDryRun ? MirroredDrySql : MirroredSql, cancellationToken, ("schema", _scope.Schema), ("entities", _scope.Plans.Select(p => p.Name).ToArray()),
        ("relations", _scope.Plans.Select(p => p.Table).ToArray()), ("keys", _scope.Plans.Select(p => p.Key.Name).ToArray()));

    private static string Seen(PatchFile patch) => $"{patch.Name} {Fingerprint(patch)}";

    private static string Fingerprint(PatchFile patch) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(patch.Sql)))[..16];
}
