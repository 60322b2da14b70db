using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Runs.Recording;

namespace BubbleSync.Etl.Runs;

/// <summary>Determines the names of all columns before a run reads, and returns the entities' plans with them.</summary>
/// <param name="findings">Receives a warning for each field that is found by its normalised name.</param>
/// <param name="cancellationToken">Stops it.</param>
internal delegate Task<IReadOnlyList<EntityPlan>> ResolvePlans(RunFindings findings, CancellationToken cancellationToken);
