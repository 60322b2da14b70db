namespace BubbleSync.Etl.Messages;

/// <summary>The limit of a run's reading of an entity: rows beyond it may have records that the run could not read.</summary>
/// <param name="Bound">Up to which Created Date records were read.</param>
/// <param name="Snapshot">What the database had committed when the reading began, as <c>pg_snapshot</c>.</param>
internal sealed record Horizon(DateTimeOffset Bound, string Snapshot);
