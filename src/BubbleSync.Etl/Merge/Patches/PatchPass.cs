using System.Security.Cryptography;
using System.Text;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using Npgsql;

namespace BubbleSync.Etl.Merge.Patches;

/// <summary>
/// What the patches of one stage look at: all rows, or those that this run wrote and those that earlier runs left because they ended before their patches had
/// seen them. Runs at the same time do not see each other's rows; whichever patches last sees what both have committed.
/// </summary>
internal sealed class PatchPass
{
    private const string BeginSql =
        """
        select array(select distinct t.run_id from bubblesync.touched_row t where t.target_schema = @schema and t.run_id <> @run and not exists (
                 select from bubblesync.run r where r.run_id = t.run_id and r.status = 'running')),
               array(select distinct t.entity from bubblesync.touched_row t where t.target_schema = @schema and (t.run_id = @run or not exists (
                 select from bubblesync.run r where r.run_id = t.run_id and r.status = 'running'))),
               array(select p.patch || ' ' || p.fingerprint from bubblesync.patch_state p where p.target_schema = @schema)
        """;

    private const string MirroredSql =
        """
        insert into bubblesync.mirrored_table (target_schema, entity, relation, key_name)
        select @schema, m.entity, m.relation, m.key_name from unnest(@entities, @relations, @keys) m (entity, relation, key_name)
        on conflict (target_schema, entity) do update set relation = excluded.relation, key_name = excluded.key_name
        where (mirrored_table.relation, mirrored_table.key_name) is distinct from (excluded.relation, excluded.key_name)
        """;

    private const string MarkSql = "insert into bubblesync.touched_row (target_schema, run_id, entity, bubble_id) values (@schema, @run, @all, 'patches') "
        + "on conflict do nothing";

    private readonly string _schema;
    private readonly Guid[] _runs;
    private readonly HashSet<string> _entities;
    private readonly HashSet<string> _seen;
    private bool _isFull;
    private bool _isMarked;

    private PatchPass(string schema, Guid[] runs, IEnumerable<string> entities, IEnumerable<string> seen, bool isFull)
    {
        (_schema, _runs, _entities, _seen) = (schema, runs, [.. entities], [.. seen]);
        _isFull = isFull || _entities.Contains(TouchedRows.All);
    }

    /// <summary>
    /// Finds out what the patches have to look at, and notes that all rows are to be looked at until the pass ends: if it is cut off, the next one sees all.
    /// </summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="schema">The schema of the target tables.</param>
    /// <param name="runId">The run.</param>
    /// <param name="isFull">Whether they look at all rows.</param>
    /// <param name="patches">The patches.</param>
    /// <param name="areAll">Whether these are all patches; only such a pass has an end.</param>
    /// <param name="plans">All entities.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<PatchPass> BeginAsync(
        NpgsqlConnection connection, string schema, Guid runId, bool isFull, IReadOnlyList<PatchFile> patches, bool areAll,
        IReadOnlyList<EntityPlan> plans, CancellationToken cancellationToken)
    {
        var pass = (await connection.RowsAsync(
            BeginSql,
            r => new PatchPass(schema, [runId, .. r.GetFieldValue<Guid[]>(0)], r.GetFieldValue<string[]>(1), r.GetFieldValue<string[]>(2), isFull),
            cancellationToken, ("schema", schema), ("run", runId)))[0];
        pass._isMarked = areAll && (pass._entities.Count > 0 || patches.Any(pass.IsFull));
        if (pass._isMarked)
            await connection.ExecuteAsync(MarkSql, cancellationToken, ("schema", schema), ("run", runId), ("all", TouchedRows.All));
        if (patches.Any(p => p.AsksTouched && pass.IsFull(p)))
        {
            await connection.ExecuteAsync(
                MirroredSql, cancellationToken, ("schema", schema), ("entities", plans.Select(p => p.Name).ToArray()),
                ("relations", plans.Select(p => p.Table).ToArray()), ("keys", plans.Select(p => p.Key.Quoted).ToArray()));
        }

        return pass;
    }

    /// <summary>Whether a patch looks at all rows: it does not ask what was touched, or it has not seen all rows yet as it is now.</summary>
    public bool IsFull(PatchFile patch) => _isFull || !patch.AsksTouched || !_seen.Contains(Seen(patch));

    /// <summary>Whether a patch has nothing to look at.</summary>
    /// <param name="patch">The patch.</param>
    /// <param name="plans">All entities, to find those of the patch's tables.</param>
    public bool IsIdle(PatchFile patch, IReadOnlyList<EntityPlan> plans)
    {
        var named = plans.Where(p => patch.Tables.Contains(p.Target.Name)).Select(p => p.Name).ToList();
        return !IsFull(patch) && !(named.Count < patch.Tables.Count || named.Count == 0 ? _entities.Count > 0 : _entities.Overlaps(named));
    }

    /// <summary>The value of the setting <c>bubblesync.touched</c> for a patch.</summary>
    public string Setting(PatchFile patch) => IsFull(patch) ? "all" : string.Join(',', _runs);

    /// <summary>Adds what a patch wrote, for the patches after it.</summary>
    public void Add(PatchOutcome outcome)
    {
        _entities.UnionWith(outcome.Written.Select(r => r.Entity));
        _isFull |= outcome.WroteOthers || outcome.Written.Count > TouchedRows.MostListed;
    }

    /// <summary>Notes that a patch has seen all rows, in its own transaction.</summary>
    public async Task NoteSeenAsync(NpgsqlConnection connection, PatchFile patch, CancellationToken cancellationToken)
    {
        if (!patch.AsksTouched || _seen.Contains(Seen(patch)))
            return;

        await connection.ExecuteAsync(
            """
            insert into bubblesync.patch_state (target_schema, patch, fingerprint) values (@schema, @patch, @fingerprint)
            on conflict (target_schema, patch) do update set fingerprint = excluded.fingerprint
            """,
            cancellationToken, ("schema", _schema), ("patch", patch.Name), ("fingerprint", Fingerprint(patch)));
    }

    /// <summary>
    /// Ends the pass: what all patches have seen is no longer noted. Those that did not run to their end, or are not among them, see all rows next time.
    /// </summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="reports">The results of all patches.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<long> EndAsync(NpgsqlConnection connection, IEnumerable<PatchReport> reports, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            """
            with unseen as (delete from bubblesync.patch_state where target_schema = @schema and patch <> all(@succeeded))
            delete from bubblesync.touched_row where target_schema = @schema and run_id = any(@runs)
            """,
            cancellationToken, ("schema", _schema), ("runs", _runs),
            ("succeeded", reports.Where(r => r.Status == PatchStatus.Succeeded).Select(r => r.Name).ToArray()));

    /// <summary>Whether there is anything to end.</summary>
    /// <param name="reports">The results of all patches.</param>
    public bool MustEnd(IEnumerable<PatchReport> reports) => _isMarked || reports.Any(r => r.Status != PatchStatus.Succeeded);

    private static string Seen(PatchFile patch) => $"{patch.Name} {Fingerprint(patch)}";

    private static string Fingerprint(PatchFile patch) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(patch.Sql)))[..16];
}
