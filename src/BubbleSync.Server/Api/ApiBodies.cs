using BubbleSync.Etl.Reports;
using BubbleSync.Server.Runs;
using BubbleSync.Server.Schedules;

namespace BubbleSync.Server.Api;

/// <summary>The answer to an order.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Status">Its state; null where it ended long ago.</param>
/// <param name="IsNew">Whether the order started this run; false where an equal order had started it before.</param>
internal sealed record AcceptedRun(Guid RunId, RunPhase? Status, bool IsNew);

/// <summary>A page of runs, the newest first.</summary>
/// <param name="Active">The runs of this server that wait or are under way; only on the first page.</param>
/// <param name="Runs">The runs that were recorded.</param>
/// <param name="Next">The cursor of the next page; null on the last one.</param>
internal sealed record RunPage(IReadOnlyList<RunView> Active, IReadOnlyList<RunListing> Runs, Guid? Next);

/// <summary>An app of the server.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Source">The address of the Bubble app; null where none is set.</param>
/// <param name="Target">Its database and schema.</param>
/// <param name="Active">The runs that wait or are under way.</param>
/// <param name="Schedules">Its schedules, each with the next time.</param>
internal sealed record AppView(string Name, string? Source, string Target, IReadOnlyList<RunView> Active, IReadOnlyList<ScheduleView> Schedules);

/// <summary>A change in Bubble, as a database trigger reports it.</summary>
/// <param name="Type">The Bubble type, or the entity.</param>
/// <param name="Id">The record.</param>
internal sealed record Change(string Type, string Id);

/// <summary>The number of records in a range of Modified Date.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="From">The first moment.</param>
/// <param name="To">The last moment.</param>
/// <param name="Records">The number; null where Bubble does not say it.</param>
internal sealed record RangeCount(string Entity, DateTimeOffset From, DateTimeOffset To, long? Records);

/// <summary>The DDL that closes the gaps of the schema, as a user has seen it.</summary>
/// <param name="Ddl">The script of <c>GET /schema</c>.</param>
internal sealed record SchemaChange(string Ddl);
