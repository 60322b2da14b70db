using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>Takes rows away, or marks them, that Bubble no longer has. Only ids of Bubble's form: all others are local.</summary>
internal sealed class Pruner(EntityPlan plan, StagingTable staging)
{
    private const string MarkName = "deleted_in_bubble_at";
    private static readonly string Mark = Identifier.Quote(MarkName);

    private string Gone => $"t.{plan.Key.Quoted} collate \"C\" ~ '{BubbleId.Pattern}' and not exists (select from {staging.Name} s where s.{plan.Key.Quoted} = t.{plan.Key.Quoted})";

    private bool HasMark => plan.Target.Columns.ContainsKey(MarkName);

    /// <summary>Takes the mark off records that came back; gives how many.</summary>
    public async Task<long> WelcomeBackAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => HasMark
        ? await connection.ExecuteAsync($"update {plan.Table} t set {Mark} = null from {staging.Name} s where s.{plan.Key.Quoted} = t.{plan.Key.Quoted} and t.{Mark} is not null", cancellationToken)
        : 0;

    /// <summary>Why nothing may be pruned, or null where it may.</summary>
    public async Task<string?> RefusalAsync(NpgsqlConnection connection, PruneMode mode, decimal limitPercent, EntityReport report, CancellationToken cancellationToken)
    {
        if (report.Proof is not { IsComplete: true })
            return "its extraction is not shown to be complete";
        if (mode == PruneMode.Soft && !HasMark)
            return $"table '{plan.Target.Name}' has no column {MarkName}";
        if (await connection.ScalarAsync<bool>($"select exists (select from {staging.Rejects} where bubble_id is null)", cancellationToken))
            return "records without a usable id came, and any row could be theirs";

        var (staged, _) = (await connection.RowsAsync(staging.Count, r => (r.GetInt64(0), r.GetInt64(1)), cancellationToken))[0];
        if (staged != report.Extracted)
            return "a crash of the server took what was staged";

        var (gone, all) = (await connection.RowsAsync(
            $"select count(*) filter (where {Gone}), count(*) filter (where t.{plan.Key.Quoted} collate \"C\" ~ '{BubbleId.Pattern}') from {plan.Table} t",
            r => (r.GetInt64(0), r.GetInt64(1)), cancellationToken))[0];
        if (gone > 0 && report.Extracted == 0)
            return $"Bubble sent no record at all, but the table has {all}: that looks like a lost right, not like {all} deletions";
        return gone * 100m > limitPercent * all
            ? $"{gone} of {all} rows would go, more than {limitPercent.ToString(System.Globalization.CultureInfo.InvariantCulture)} %: check the token's rights in Bubble, or allow it with --prune-limit"
            : null;
    }

    /// <summary>Prunes; gives how many rows.</summary>
    public Task<long> PruneAsync(NpgsqlConnection connection, PruneMode mode, CancellationToken cancellationToken) => connection.ExecuteAsync(
        mode == PruneMode.Hard
            ? $"delete from {plan.Table} t where {Gone}"
            : $"update {plan.Table} t set {Mark} = now() where t.{Mark} is null and {Gone}",
        cancellationToken);
}
