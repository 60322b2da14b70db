using System.Text.RegularExpressions;
using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres.Failures;

/// <summary>Turns a failure of PostgreSQL into an error that says where, why and what to do.</summary>
internal static partial class PostgresFailure
{
    // A row of an index has a limit, which the values of a record may exceed.
    private const string ProgramLimit = "54000";

    // Triggered actions, data, constraints, functions in other languages, views, PL/pgSQL.
    private static readonly HashSet<string> RecordClasses = ["09", "22", "23", "27", "38", "44", "P0"];

    // All other classes that PostgreSQL has (src/backend/utils/errcodes.txt); one that is not here is a user's own.
    private static readonly HashSet<string> OtherClasses =
    [
        "00", "01", "02", "03", "08", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20", "21", "24", "25", "26", "28", "2B", "2D", "2F", "34", "39", "3B", "3D",
        "3F", "40", "42", "53", "54", "55", "57", "58", "72", "F0", "HV", "XX",
    ];

    // Npgsql closes the session at errors of most of these (PostgresErrorCodes.IsCriticalFailure), so that nothing can be rolled back to a savepoint.
    private static readonly HashSet<string> SessionClasses = ["53", "57", "58", "99", "F0", "XX"];

    /// <summary>Whether other writers of the same rows caused it, so that the same transaction may succeed at once.</summary>
    public static bool IsCollision(PostgresException failure) =>
        failure.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected;

    /// <summary>Whether it is the exception of a session that failed or ended.</summary>
    public static bool IsOfSession(Exception failure) => failure is NpgsqlException or InvalidOperationException;

    /// <summary>
    /// How often a transaction that ends like this is worth trying. A constraint on two columns or two tables may only report a concurrent write: one more
    /// attempt.
    /// </summary>
    public static int AttemptsAt(PostgresException failure) =>
        IsCollision(failure) ? 5
        : failure.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation ? 2
        : 1;

    /// <summary>
    /// Whether the table refuses a record for its content: a value, a constraint, a trigger that raises. A missing right or a lock does not count.
    /// </summary>
    public static bool RefusesRecord(PostgresException failure) =>
        // RAISE in PL/pgSQL may give any code (exec_stmt_raise in src/pl/plpgsql/src/pl_exec.c).
        (failure.Routine == "exec_stmt_raise" && !IsCollision(failure) && !SessionClasses.Contains(failure.SqlState[..2]))
        || failure.SqlState is ProgramLimit || RecordClasses.Contains(failure.SqlState[..2]) || !OtherClasses.Contains(failure.SqlState[..2]);

    /// <summary>Whether the table refused a record, and why; null where something else failed.</summary>
    public static RecordRefusal? Refusal(SyncException failure) => failure.InnerException is PostgresException refused && RefusesRecord(refused)
        ? new RecordRefusal(Refused(refused), refused.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ExclusionViolation)
        : null;

    /// <summary>Whether a record is refused for its own values, whatever other rows have.</summary>
    public static bool IsOfRecordAlone(PostgresException refusal) =>
        refusal.SqlState is PostgresErrorCodes.NotNullViolation or PostgresErrorCodes.CheckViolation or ProgramLimit or ['2', '2', ..];

    /// <summary>Returns the rule of the table that refuses a record, without the record's values.</summary>
    public static string Refused(PostgresException failure) => failure switch
    {
        { Routine: "ExecFindPartition" } => $"no partition of table '{failure.TableName}' takes it",
        { Routine: "ExecPartitionCheckEmitError" } => $"the partition '{failure.TableName}' does not take it",
        { SqlState: PostgresErrorCodes.NotNullViolation, DataTypeName: { Length: > 0 } domain, ColumnName: null } => $"domain '{domain}' must not be empty",
        { SqlState: PostgresErrorCodes.NotNullViolation, ColumnName: { Length: > 0 } column } =>
            $"column '{column}' of table '{failure.TableName}' must not be empty",
        { ConstraintName: { Length: > 0 } constraint, DataTypeName: { Length: > 0 } domain } => $"constraint '{constraint}' of domain '{domain}' refuses it",
        { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: { Length: > 0 } constraint } =>
            $"constraint '{constraint}' of table '{failure.TableName}' refuses it: another row has the same value",
        { SqlState: PostgresErrorCodes.ForeignKeyViolation, ConstraintName: { Length: > 0 } constraint } =>
            $"foreign key '{constraint}' of table '{failure.TableName}' refuses it: a row that must be there is not",
        { ConstraintName: { Length: > 0 } constraint } => $"constraint '{constraint}' of table '{failure.TableName}' refuses it",
        { SqlState: ProgramLimit } or { SqlState: ['2', '2', ..] } => $"{Said(failure)} ({failure.SqlState})",
        _ => $"the table's rules refuse it: {Said(failure)} ({failure.SqlState}){Raised(failure)}",
    };

    /// <summary>The server's message, except for values that do not fit: there the server quotes them, and no message may contain a field's value.</summary>
    public static string Said(PostgresException failure) => failure.SqlState switch
    {
        PostgresErrorCodes.InvalidTextRepresentation or PostgresErrorCodes.InvalidDatetimeFormat =>
            $"a value has not the form of the type it becomes{Place(failure)}",
        PostgresErrorCodes.NumericValueOutOfRange or PostgresErrorCodes.DatetimeFieldOverflow => $"a value is out of the range of its type{Place(failure)}",
        PostgresErrorCodes.StringDataRightTruncation => $"a value is too long for its type{Place(failure)}",
        PostgresErrorCodes.UntranslatableCharacter =>
            $"a text has a character that the database's encoding lacks. Bubble may send any: use a database whose encoding is UTF8{Place(failure)}",
        PostgresErrorCodes.DivisionByZero => $"division by zero{Place(failure)}",
        ['2', '2', ..] => $"a value is not what the statement needs{Place(failure)}",
        _ => failure.MessageText,
    };

    /// <summary>Returns the server's message about a failure; null where something else failed.</summary>
    public static string? SaidBy(SyncException failure) => failure.InnerException is PostgresException said ? $"{Said(said)} ({said.SqlState})" : null;

    /// <summary>Does the work; turns failures of PostgreSQL into errors of ours.</summary>
    public static async Task<T> ExplainedAsync<T>(Func<Task<T>> work, SyncStage stage)
    {
        try
        {
            return await work();
        }
        catch (NpgsqlException failure)
        {
            throw Explain(failure, stage, null);
        }
    }

    /// <summary>Returns the error for a failure in <paramref name="stage"/>.</summary>
    public static SyncException Explain(Exception failure, SyncStage stage, string? entity) => failure switch
    {
        SyncException known => known,
        PostgresException refused => new SyncException(Error(refused, stage, entity), refused) { IsTransient = IsCollision(refused) },
        NpgsqlException { InnerException: { } inner } broken => Lost(broken, inner.Message, stage, entity),
        _ => Lost(failure, failure.Message, stage, entity),
    };

    private static SyncError Error(PostgresException failure, SyncStage stage, string? entity)
    {
        var where = entity is null ? "" : $"{entity}: ";
        var (code, what) = failure.SqlState switch
        {
            ['2', '3', ..] =>
                (ErrorCode.ConstraintViolated, $"a record was not taken: {Refused(failure)}. Nothing of this was written. Fix the records in Bubble, "
                    + "or the table"),
            PostgresErrorCodes.LockNotAvailable =>
                (ErrorCode.TargetLocked, "another session has held a lock on the table for a minute. End its transaction and run again. Open ones, the "
                    + "oldest first: "
                    + "select pid, usename, application_name, xact_start, query from pg_stat_activity where xact_start is not null order by xact_start"),
            PostgresErrorCodes.InsufficientPrivilege =>
                (ErrorCode.TargetRights, $"the database user lacks a right: {failure.MessageText}{Raised(failure)}. Grant it, or use the owner of the tables"),
            PostgresErrorCodes.DiskFull =>
                (ErrorCode.TargetFull, $"the server's disk is full: {failure.MessageText}"),
            _ => (ErrorCode.TargetFailed, Said(failure)),
        };
        return new SyncError(stage, entity, null, failure.ColumnName, code, $"{where}PostgreSQL: {what} ({failure.SqlState}).");
    }

    // The innermost function of the error's context; it holds no value of a record.
    private static string Raised(PostgresException failure) =>
        Function().Match(failure.Where ?? "") is { Success: true } found ? $", raised in {found.Groups[1].Value}, perhaps by a trigger" : "";

    [GeneratedRegex(@"^PL/pgSQL (function \S+\([^)]*\)) line", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Function();

    private static string Place(PostgresException failure) => failure.Position > 0 ? Invariant($", at character {failure.Position} of its statement") : "";

    private static SyncException Lost(Exception failure, string why, SyncStage stage, string? entity) => new(
        new SyncError(
            stage, entity, null, null, failure is NpgsqlException ? ErrorCode.TargetLost : ErrorCode.Failed,
            $"{(entity is null ? "" : $"{entity}: ")}{(failure is NpgsqlException ? "The connection to PostgreSQL broke" : failure.GetType().Name)}: {why}"),
        failure);
}

/// <summary>The refusal of a record by the table.</summary>
/// <param name="Reason">The rule.</param>
/// <param name="IsOfOtherRow">Whether it depends on what another row has at the moment.</param>
internal sealed record RecordRefusal(string Reason, bool IsOfOtherRow);
