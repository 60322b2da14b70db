namespace BubbleSync.Etl.Postgres.Columns;

/// <summary>
/// The names of column types as <see cref="ColumnInfo.Type"/> has them: PostgreSQL's own as <c>format_type</c> writes them, and those of others.
/// </summary>
internal static class ColumnTypes
{
    /// <summary>A text of any length.</summary>
    public const string Text = "text";

    /// <summary>A text with a limit, or none.</summary>
    public const string Varchar = "character varying";

    /// <summary>A text padded with blanks.</summary>
    public const string Character = "character";

    /// <summary>The text of the extension that ignores case.</summary>
    public const string Citext = "citext";

    /// <summary>A type made by <c>create type … as enum</c>, whatever its name.</summary>
    public const string Enum = "enum";

    /// <summary>A uuid.</summary>
    public const string Uuid = "uuid";

    /// <summary>A list of texts.</summary>
    public const string TextArray = "text[]";

    /// <summary>A list of texts with a limit, or none.</summary>
    public const string VarcharArray = "character varying[]";

    /// <summary>A list of texts of the extension that ignores case.</summary>
    public const string CitextArray = "citext[]";

    /// <summary>A whole number of 2 bytes.</summary>
    public const string Smallint = "smallint";

    /// <summary>A whole number of 4 bytes.</summary>
    public const string Integer = "integer";

    /// <summary>A whole number of 8 bytes.</summary>
    public const string Bigint = "bigint";

    /// <summary>An exact decimal number.</summary>
    public const string Numeric = "numeric";

    /// <summary>A binary float of 4 bytes.</summary>
    public const string Real = "real";

    /// <summary>A binary float of 8 bytes.</summary>
    public const string Double = "double precision";

    /// <summary>An amount in the currency and with the decimals of the server.</summary>
    public const string Money = "money";

    /// <summary>True or false.</summary>
    public const string Boolean = "boolean";

    /// <summary>A moment.</summary>
    public const string TimestampWithZone = "timestamp with time zone";

    /// <summary>A date and time of no zone.</summary>
    public const string Timestamp = "timestamp without time zone";

    /// <summary>A day.</summary>
    public const string Date = "date";

    /// <summary>JSON in binary form.</summary>
    public const string Jsonb = "jsonb";

    /// <summary>JSON as a text.</summary>
    public const string Json = "json";

    /// <summary>Any other type; no field is stored in it.</summary>
    public const string Other = "other";
}
