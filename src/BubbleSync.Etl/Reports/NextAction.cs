using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Reports;

/// <summary>What to do after a command, as data: a host shows it as a button, the command line as a command.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Why">What it does, in words that follow its name; empty where a message says it.</param>
public sealed record NextAction(NextActionKind Kind, string Why = "")
{
    /// <summary>The entities that it is about; none for all, or where it is about no entity.</summary>
    public IReadOnlyList<string> Entities { get; init; } = [];

    /// <summary>The ids of the records that it is about; none where it is about no single records.</summary>
    public IReadOnlyList<string> BubbleIds { get; init; } = [];

    /// <summary>The Bubble types without a map that it is about; none for all of them, or where it is about no such type.</summary>
    public IReadOnlyList<string> BubbleTypes { get; init; } = [];

    /// <summary>The run that it is about, or null.</summary>
    public Guid? RunId { get; init; }

    /// <summary>The patch that it is about, or null.</summary>
    public string? PatchName { get; init; }
}

/// <summary>What can be done after a command.</summary>
[JsonConverter(typeof(WordConverter<NextActionKind>))]
public enum NextActionKind
{
    /// <summary>Check settings, app and database.</summary>
    Doctor,

    /// <summary>Go on with the run where it stopped.</summary>
    Resume,

    /// <summary>Resync the entities.</summary>
    ResyncEntities,

    /// <summary>Resync the entities and take Bubble's values over all others.</summary>
    ForceResync,

    /// <summary>Fill the columns that the maps of the entities gained.</summary>
    Backfill,

    /// <summary>Resync the entities and mark the rows that Bubble no longer has.</summary>
    PruneSoft,

    /// <summary>Sync what changed in the entities, load what is missing and mark the rows that Bubble no longer has.</summary>
    SyncIncremental,

    /// <summary>Sync what changed in the entities, and load what is missing.</summary>
    SyncChanges,

    /// <summary>Fix the file of the patch and run it.</summary>
    FixPatch,

    /// <summary>Show the records that the run rejected.</summary>
    ShowRejects,

    /// <summary>Map the rejected records of the run again.</summary>
    Reprocess,

    /// <summary>Show the rows that were edited on both sides.</summary>
    ShowConflicts,

    /// <summary>Find orphaned references, and ask Bubble for their targets.</summary>
    AuditLinks,

    /// <summary>Create the tables that are missing, and upgrade the control tables.</summary>
    ApplySchema,

    /// <summary>Create all tables, where none exists yet, and resync the entities.</summary>
    CreateTables,

    /// <summary>Go on with the same app at its new address.</summary>
    AcceptSource,

    /// <summary>Look at the list of runs.</summary>
    ListRuns,

    /// <summary>Compare maps and tables with Bubble's types and fields.</summary>
    AuditSchema,

    /// <summary>Add to the tables what an audit of the schema found missing.</summary>
    ApplyAdditions,

    /// <summary>Sync the invoices with all that belongs to them.</summary>
    SyncInvoices,

    /// <summary>Sync the records of the entity with all that belongs to them.</summary>
    SyncRecords,

    /// <summary>Write maps and table scripts of the Bubble types.</summary>
    Scaffold,

    /// <summary>Compare the entities with Bubble, and list the differences.</summary>
    Verify,

    /// <summary>The same, where a value that Bubble no longer sends is a difference too.</summary>
    VerifyStrictly,
}
