using static System.FormattableString;

namespace BubbleSync.Etl.Postgres.Columns;

/// <summary>
/// The statement that gives a column another type, as advice for users. It keeps each value exactly, in any time zone and number format of the session, or it
/// fails and changes nothing. Where no statement can do that, it says why.
/// </summary>
/// <param name="Sql">The statement, ended by a semicolon; null where there is none.</param>
/// <param name="Note">What the statement takes for granted, or why there is none, as a sentence without its point; null where there is nothing to say.</param>
internal sealed record ColumnChange(string? Sql, string? Note)
{
    // PostgreSQL 12 and newer write floating-point numbers exactly, in the fewest digits, unless this setting is 0 or less.
    private const string ExactFloats = "set extra_float_digits = 3; ";

    // Trailing blanks and line breaks are ignored in a number; a text of only these is no value.
    private const string Trimmed = @"nullif(btrim($, E' \t\r\n'), '')";

    // The way in which the program turns a text into a list. The cast of a JSON list fails, because array literals have another form.
    private const string Split =
        @"case when $ ~ '^\s*\[' then $::text[] else array_remove(regexp_split_to_array(nullif(btrim($, E' \t\r\n'), ''), '\s*,\s*'), '') end";

    private const string OrFails = "It fails, and changes nothing, where a text is no";

    // The zone of these is the session's, and that is not UTC everywhere.
    private static readonly string[] Clocks =
        ["now(", "CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "transaction_timestamp(", "statement_timestamp(", "clock_timestamp("];

    /// <summary>
    /// Returns the change of a column to a type of the program's own: text, text[], integer, numeric, boolean, timestamptz or jsonb. The column stores no field
    /// of that type, is too short for ids, or is a clock that has only days.
    /// </summary>
    public static ColumnChange Of(string schema, string table, ColumnInfo column, string type)
    {
        if (column.IsIdentity)
            return new ColumnChange(null, "an identity column can only be a whole number");
        if (Rule(column.Type, type) is not { } rule)
            return new ColumnChange(null, Why(column.Type, type));
        if (column.Dependents.Count > 0)
            return new ColumnChange(null, Depends(column.Dependents));

        var name = Identifier.Quote(column.Name);
        var change = $"alter column {name} type {rule.Type} using {rule.Of(name)}";
        // PostgreSQL converts a default by the plain cast, never by the expression.
        var (fits, note) = (true, rule.Note);
        if (column.Default is { } value)
        {
            fits = ConvertedDefault.Fits(column.Type, type, value);
            change = $"alter column {name} drop default, {change}{(fits ? $", alter column {name} set default {Default(column, value, rule)}" : "")}";
            note = fits ? note : $"{(note is null ? "" : $"{note}. ")}It drops the column's default, {value}, which may have no counterpart";
        }

        if (column.OwnViews.Count > 0)
            note = $"{(note is null ? "" : $"{note}. ")}It drops the views that this program made on the column. "
                + "Apply the schema with views afterwards to make them again";
        var alter = $"{Ddl.DropViews(column.OwnViews)}alter table {Identifier.Quote(schema, table)} {change};";
        return new ColumnChange(IsFloat(column.Type) ? $"{ExactFloats}{alter} reset extra_float_digits;" : alter, note);
    }

    private static string Depends(IReadOnlyList<string> dependents)
    {
        const int Most = 5;
        var more = dependents.Count > Most ? Invariant($" and {dependents.Count - Most} more") : "";
        return $"{string.Join(", ", dependents.Take(Most))}{more} {(dependents.Count == 1 ? "depends" : "depend")} on the column. "
            + "Where that can be dropped and created again, do so around the change: the doctor prints the statement in between";
    }

    // A default is computed in the sessions to come: a float there may be written in fewer digits. As a numeric, 1.0 keeps its zero, which no boolean takes.
    private static string Default(ColumnInfo column, string value, Conversion rule) =>
        rule.Type == "timestamptz" && Clocks.Any(c => value.StartsWith(c, StringComparison.OrdinalIgnoreCase))
            ? "now()"
            : rule.Of(IsFloat(column.Type) ? $"trim_scale(({value})::numeric)" : $"(({value})::{column.FullType})");

    private static Conversion? Rule(string from, string to) => to switch
    {
        "text" => ToText(from),
        "text[]" when from.EndsWith("[]", StringComparison.Ordinal) && IsText(from[..^2]) => new("$::text[]", to),
        "text[]" when IsText(from) => new(Split, to, "It splits texts at their commas, and fails, and changes nothing, where one is a JSON list"),
        // A numeric holds every whole number, and its fractions stay.
        "numeric" or "integer" when from == "money" => new("$::numeric", "numeric"),
        "numeric" when IsWhole(from) => new("$::numeric", to),
        "numeric" or "integer" when from == "boolean" => new("$::integer", to),
        "numeric" or "integer" when IsText(from) => new($"{Trimmed}::{to}", to, $"{OrFails} number"),
        "boolean" when IsWhole(from) || IsFloat(from) => new("$::text::boolean", to, "It fails, and changes nothing, where a number is neither 0 nor 1"),
        "boolean" when from == "numeric" => new("trim_scale($)::text::boolean", to, "It fails, and changes nothing, where a number is neither 0 nor 1"),
        "boolean" when IsText(from) => new($"{Trimmed}::boolean", to, $"{OrFails} yes or no"),
        "timestamptz" when from == "date" => new("$::timestamp at time zone 'UTC'", to, "It takes the values for UTC, each day for its midnight"),
        "jsonb" when IsText(from) => new($"{Trimmed}::jsonb", to, $"{OrFails} JSON"),
        "jsonb" when IsWhole(from) || IsFloat(from) || from is "numeric" or "boolean" or "text[]" or "character varying[]" => new("to_jsonb($)", to),
        _ => null,
    };

    // Dates as JSON writes them: the same in every DateStyle.
    private static Conversion? ToText(string from) => from switch
    {
        _ when IsText(from) || IsWhole(from) || IsFloat(from) => new("$::text", "text"),
        "numeric" or "boolean" or "uuid" or "json" or "jsonb" => new("$::text", "text"),
        "text[]" or "character varying[]" => new("array_to_json($)::text", "text"),
        "timestamp with time zone" => new("(to_jsonb($ at time zone 'UTC') #>> '{}') || 'Z'", "text"),
        "timestamp without time zone" or "date" => new("to_jsonb($) #>> '{}'", "text"),
        _ => null,
    };

    private static string Why(string from, string to) => (IsText(from), to) switch
    {
        (true, "timestamptz") => "a text may mean another moment in each zone, and another day in each country's way of writing",
        (_, "timestamptz") when IsWhole(from) || IsFloat(from) || from == "numeric" => "a number may count seconds or milliseconds",
        _ => $"{from} has no one form as {to}",
    };

    /// <summary>Whether the type is one of texts.</summary>
    internal static bool IsText(string type) => type is "text" or "character varying" or "character" or "bpchar" or "citext";

    private static bool IsWhole(string type) => type is "smallint" or "integer" or "bigint";

    private static bool IsFloat(string type) => type is "real" or "double precision";

    /// <summary>A conversion of values to another type.</summary>
    /// <param name="Expression">The new value; the dollar stands for the old one.</param>
    /// <param name="Type">The type that it has.</param>
    /// <param name="Note">A remark about it.</param>
    private sealed record Conversion(string Expression, string Type, string? Note = null)
    {
        public string Of(string value) => Expression.Replace("$", value, StringComparison.Ordinal);
    }
}
