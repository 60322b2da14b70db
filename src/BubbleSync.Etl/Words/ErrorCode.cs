using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Words;

/// <summary>What went wrong. The words are stable; the table in docs/troubleshooting.md lists them with what to do.</summary>
[JsonConverter(typeof(WordConverter<ErrorCode>))]
public enum ErrorCode
{
    // Settings and usage.
    /// <summary>A setting, a map, a patch or another file cannot be used.</summary>
    Settings,
    /// <summary>A word or a value on the command line, or an option of a call, cannot be used.</summary>
    Usage,
    /// <summary>No run has this id, or several runs have.</summary>
    NoSuchRun,
    /// <summary>The run had no entity of this name.</summary>
    NoSuchEntity,
    /// <summary>No run can be resumed.</summary>
    NothingToResume,
    /// <summary>The run has no rejected records that can be loaded.</summary>
    NothingToReprocess,
    /// <summary>An incremental sync has no verified reading to start from.</summary>
    NoWatermark,
    /// <summary>The tables mirror another app than the one in the settings.</summary>
    OtherApp,
    /// <summary>A newer version of this program has upgraded the control tables.</summary>
    ControlTablesNewer,
    /// <summary>A map names the Bubble type already.</summary>
    TypeMapped,
    /// <summary>The app does not list its types.</summary>
    TypesUntold,
    /// <summary>The id has not the form of a Bubble id.</summary>
    MalformedId,

    // Bubble.
    /// <summary>Bubble refuses the token.</summary>
    TokenRefused,
    /// <summary>The Data API serves no such type.</summary>
    TypeNotExposed,
    /// <summary>A server between this machine and Bubble refuses the request.</summary>
    SourceForbidden,
    /// <summary>The address redirects to another one.</summary>
    SourceMoved,
    /// <summary>Bubble refuses the request.</summary>
    SourceRefused,
    /// <summary>Bubble or a server before it failed (408, 421, 425, 5xx).</summary>
    SourceBusy,
    /// <summary>Bubble asks to slow down (429 or 503).</summary>
    SourceThrottled,
    /// <summary>Bubble asks for a longer wait than the settings allow.</summary>
    SourceWaitTooLong,
    /// <summary>Bubble cannot be reached.</summary>
    SourceUnreachable,
    /// <summary>Bubble did not answer in time.</summary>
    SourceTimeout,
    /// <summary>Bubble's answer cannot be read.</summary>
    SourceGarbled,
    /// <summary>Bubble's answer is not in UTF-8.</summary>
    SourceCharset,
    /// <summary>Bubble's answer contradicts itself.</summary>
    SourceContradicts,
    /// <summary>A page has more bytes than one answer may have.</summary>
    PageTooLarge,
    /// <summary>A server on the way takes no address of this length (414 or 431).</summary>
    AddressTooLong,
    /// <summary>Bubble ignores a search constraint.</summary>
    ConstraintIgnored,
    /// <summary>Bubble shows fewer rows than it counts.</summary>
    OffsetCeiling,
    /// <summary>More records have one date than Bubble can list.</summary>
    WindowTooDense,
    /// <summary>Bubble's answer has other records than those requested.</summary>
    NotAsAsked,
    /// <summary>The run has sent all calls that it may send.</summary>
    CallBudget,
    /// <summary>It is not verified that everything was read.</summary>
    Unproved,
    /// <summary>Records are older in Bubble than here, as after Bubble's database was restored.</summary>
    OlderInBubble,
    /// <summary>Bubble has no such record, or the token may not see it.</summary>
    NotFound,
    /// <summary>Bubble does not have a record that another one names.</summary>
    MissingLink,

    // Records.
    /// <summary>A value of the record does not convert, or the table refuses the record.</summary>
    Rejected,
    /// <summary>More records were rejected than allowed.</summary>
    TooManyRejects,
    /// <summary>Rejected records are no longer kept.</summary>
    RejectsForgotten,
    /// <summary>No map names any of the fields that Bubble sends.</summary>
    NamesUnknown,
    /// <summary>No map names the entity of the rejected records.</summary>
    EntityGone,
    /// <summary>The record was edited here after Bubble changed it.</summary>
    Conflict,

    // Maps and tables.
    /// <summary>A table is missing.</summary>
    TableMissing,
    /// <summary>An object with the table's name is not a table.</summary>
    NoTable,
    /// <summary>A column is missing.</summary>
    ColumnMissing,
    /// <summary>A column cannot hold what its field is mapped to.</summary>
    ColumnMisfit,
    /// <summary>A column must not be empty, and nothing fills it.</summary>
    ColumnUnfilled,
    /// <summary>Rows with the same key forbid the unique index.</summary>
    DuplicateKeys,
    /// <summary>A table's script cannot be run.</summary>
    TableScript,

    // Loading.
    /// <summary>The table refuses rows, and nothing of the transaction was written.</summary>
    ConstraintViolated,
    /// <summary>A trigger keeps rows out.</summary>
    RowsNotTaken,
    /// <summary>The staged rows are not those that were read.</summary>
    StagingLost,
    /// <summary>A foreign key refuses a link that was restored.</summary>
    LinkRefused,
    /// <summary>A deletion mark could not be removed.</summary>
    MarkKept,
    /// <summary>Clearing a column would empty too many of its values.</summary>
    ClearRefused,
    /// <summary>Rows were not pruned.</summary>
    PruneRefused,
    /// <summary>More rows are not in Bubble than the limit allows.</summary>
    TooManyGone,
    /// <summary>A patch failed.</summary>
    PatchFailed,

    // PostgreSQL.
    /// <summary>The server cannot be reached.</summary>
    TargetUnreachable,
    /// <summary>The server refuses the connection.</summary>
    TargetRefused,
    /// <summary>The connection broke.</summary>
    TargetLost,
    /// <summary>The database user lacks a right.</summary>
    TargetRights,
    /// <summary>The database takes no writes.</summary>
    TargetReadOnly,
    /// <summary>Something in the database forbids what a run does.</summary>
    TargetRefuses,
    /// <summary>The server's version is too old.</summary>
    TargetTooOld,
    /// <summary>Another session holds a lock.</summary>
    TargetLocked,
    /// <summary>The server's disk is full.</summary>
    TargetFull,
    /// <summary>A statement failed for another reason.</summary>
    TargetFailed,
    /// <summary>No further session is free.</summary>
    TooManySessions,
    /// <summary>The pooler has too few sessions.</summary>
    PoolerFull,
    /// <summary>The pooler works in statement mode.</summary>
    PoolerMode,

    // The run.
    /// <summary>Another run holds the table.</summary>
    Locked,
    /// <summary>The run lost its lock.</summary>
    LockLost,
    /// <summary>The result could not be recorded.</summary>
    JournalLost,
    /// <summary>The run was interrupted.</summary>
    Cancelled,
    /// <summary>Standard output cannot be written.</summary>
    Output,
    /// <summary>Further errors or warnings are not listed.</summary>
    More,
    /// <summary>The port cannot be used.</summary>
    PortTaken,
    /// <summary>The embedded PostgreSQL did not start.</summary>
    EmbeddedPostgres,
    /// <summary>Something else failed; also any code of another version of this program.</summary>
    [UnknownWord]
    Failed,
}
