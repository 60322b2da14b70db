namespace BubbleSync.Etl.Model;

/// <summary>How far a run's reading of an entity can see: rows beyond it may have records that no reading of the run could show.</summary>
/// <param name="Bound">Up to which Created Date records were read.</param>
/// <param name="Snapshot">What the database had committed when the reading began, as <c>pg_snapshot</c>.</param>
internal sealed record Horizon(DateTimeOffset Bound, string Snapshot);
