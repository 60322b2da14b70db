using Npgsql;

namespace BubbleSync.Etl.Postgres;

/// <summary>Turns what PostgreSQL threw into an error that says where, why and what to do.</summary>
internal static class PostgresFailure
{
    /// <summary>Whether others who write the same rows were in the way, so that the same transaction may succeed at once.</summary>
    public static bool IsCollision(PostgresException failure) => failure.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected;

    /// <summary>Whether it is what a session throws that failed, or that is known to have ended.</summary>
    public static bool IsOfSession(Exception failure) => failure is NpgsqlException or InvalidOperationException;

    /// <summary>How often a transaction that ends like this is worth trying. A constraint on two columns or two tables may only tell of somebody else's write a moment ago: once more.</summary>
    public static int AttemptsAt(PostgresException failure) =>
        IsCollision(failure) ? 5
        : failure.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation ? 2
        : 1;

    /// <summary>What the server says of it, but for data that do not fit: there it quotes them, and no message may have a field's value.</summary>
    public static string Said(PostgresException failure) => failure.SqlState switch
    {
        PostgresErrorCodes.InvalidTextRepresentation or PostgresErrorCodes.InvalidDatetimeFormat => $"a value has not the form of the type it becomes{Place(failure)}",
        PostgresErrorCodes.NumericValueOutOfRange or PostgresErrorCodes.DatetimeFieldOverflow => $"a value is out of the range of its type{Place(failure)}",
        PostgresErrorCodes.StringDataRightTruncation => $"a value is too long for its type{Place(failure)}",
        PostgresErrorCodes.UntranslatableCharacter => $"a text has a character that the database's encoding lacks. Bubble may send any: use a database whose encoding is UTF8{Place(failure)}",
        PostgresErrorCodes.DivisionByZero => $"division by zero{Place(failure)}",
        ['2', '2', ..] => $"a value is not what the statement needs{Place(failure)}",
        _ => failure.MessageText,
    };

    /// <summary>Does the work; what PostgreSQL throws leaves as an error of ours.</summary>
    public static async Task<T> ExplainedAsync<T>(Func<Task<T>> work, string stage)
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

    /// <summary>Gives the error for a failure in <paramref name="stage"/>.</summary>
    public static SyncException Explain(Exception failure, string stage, string? entity) => failure switch
    {
        SyncException known => known,
        PostgresException refused => new SyncException(Error(refused, stage, entity), refused) { IsTransient = IsCollision(refused) },
        NpgsqlException { InnerException: { } inner } broken => Lost(broken, inner.Message, stage, entity),
        _ => Lost(failure, failure.Message, stage, entity),
    };

    private static SyncError Error(PostgresException failure, string stage, string? entity)
    {
        var where = entity is null ? "" : $"{entity}: ";
        var (code, what) = failure.SqlState switch
        {
            PostgresErrorCodes.CheckViolation or PostgresErrorCodes.NotNullViolation or PostgresErrorCodes.ExclusionViolation =>
                ("constraint-violated", $"constraint '{failure.ConstraintName ?? failure.ColumnName}' of table '{failure.TableName}' refuses a record, so that nothing of this entity was merged. Mend the records in Bubble or the constraint"),
            PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation =>
                ("constraint-violated", $"constraint '{failure.ConstraintName}' of table '{failure.TableName}' refuses a record, so that nothing of this entity was merged"),
            PostgresErrorCodes.LockNotAvailable =>
                ("target-locked", "another session has held a lock on the table for a minute. End it (select * from pg_locks where not granted) and run again"),
            PostgresErrorCodes.InsufficientPrivilege =>
                ("target-rights", $"the database user lacks a right: {failure.MessageText}. Grant it, or use the owner of the tables"),
            PostgresErrorCodes.DiskFull =>
                ("target-full", $"the server's disk is full: {failure.MessageText}"),
            _ => ("target-failed", Said(failure)),
        };
        return new SyncError(stage, entity, null, failure.ColumnName, code, $"{where}PostgreSQL: {what} ({failure.SqlState}).");
    }

    private static string Place(PostgresException failure) => failure.Position > 0 ? $", at character {failure.Position} of its statement" : "";

    private static SyncException Lost(Exception failure, string why, string stage, string? entity) => new(
        new SyncError(stage, entity, null, null, failure is NpgsqlException ? "target-lost" : "failed", $"{(entity is null ? "" : $"{entity}: ")}{(failure is NpgsqlException ? "The connection to PostgreSQL broke" : failure.GetType().Name)}: {why}"),
        failure);
}
