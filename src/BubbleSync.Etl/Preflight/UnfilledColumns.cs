using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Preflight;

/// <summary>Checks that a new row gets a value in each column that must not be empty.</summary>
internal static class UnfilledColumns
{
    /// <summary>Returns the obstacle in words; null where each has a value, or where a trigger may give it one.</summary>
    public static string? Explain(EntityPlan plan)
    {
        var columns = plan.Target.Columns.Values
            .Where(c => c is { IsRequired: true, IsComputed: false, Default: null } && !Clocks.Own.Contains(c.Name) && plan.Columns.All(p => p.Name != c.Name))
            .ToList();
        if (columns.Count == 0 || plan.Target.Triggers.Any(t => t.KeepsInserts))
            return null;

        var (names, verb) = (string.Join(", ", columns.Select(c => $"'{c.Name}'")), columns.Count == 1 ? "has" : "have");
        return $"{(columns.Count == 1 ? "column" : "columns")} {names} of table {plan.Table} must not be empty, {verb} no default, and no map fills "
            + $"{(columns.Count == 1 ? "it" : "them")}, so that the table would refuse each new record. {string.Join(' ', columns.Select(c => Fix(plan, c)))}";
    }

    private static string Fix(EntityPlan plan, ColumnInfo column)
    {
        var type = FieldType.All.Values.Where(t => ColumnStorage.Of(t, column) is not null).OrderByDescending(t => t.Column == column.Type).FirstOrDefault()?.Name;
        var line = type is null ? "" : $"add a line to its map: {{ \"column\": \"{column.Name}\", \"type\": \"{type}\", \"from\": \"NAME IN BUBBLE\" }}";
        var statement = Value(column) is { } value ? $"give it a default: alter table {plan.Table} alter column {Identifier.Quote(column.Name)} set default {value};" : "";
        return (line.Length > 0, statement.Length > 0) switch
        {
            (true, true) => $"For '{column.Name}', {line}; or {statement}",
            (false, false) => $"Give '{column.Name}' a default.",
            _ => $"For '{column.Name}', {line}{statement}",
        };
    }

    // A domain may refuse any of these.
    private static string? Value(ColumnInfo column) => column.Domain is not null ? null : column.Type switch
    {
        "text" or "character varying" or "character" or "citext" => "''",
        "smallint" or "integer" or "bigint" or "numeric" or "real" or "double precision" => "0",
        "boolean" => "false",
        "timestamp with time zone" => "now()",
        "timestamp without time zone" => "(now() at time zone 'UTC')",
        "date" => "((now() at time zone 'UTC')::date)",
        "uuid" => "gen_random_uuid()",
        "json" or "jsonb" => "'{}'",
        ['_', ..] or [.., '[', ']'] => "'{}'",
        _ => null,
    };
}
