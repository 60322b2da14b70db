using System.Text.RegularExpressions;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Columns;

namespace BubbleSync.Etl.Preflight.Tables;

/// <summary>Checks that a new row gets a value in each column that must not be empty.</summary>
/// <param name="rules">The rules of columns that have some, by the names of table and column.</param>
internal sealed class UnfilledColumns(IReadOnlyDictionary<(string Table, string Column), ColumnRules> rules)
{
    // The length of a uuid as a text.
    private const int UuidLength = 36;

    /// <summary>Returns the obstacle in words; null where each column has a value, or where a trigger may give it one.</summary>
    public string? Explain(EntityPlan plan)
    {
        var unfilled = Writers(plan).Count == 0 ? Unfilled(plan) : [];
        string[] obstacles =
        [
            .. new[] { ExplainMark(plan), unfilled.Count == 0 ? null : ExplainUnfilled(plan, unfilled, "so that the table would refuse each new record") }
                .OfType<string>(),
        ];
        return obstacles.Length == 0 ? null : string.Join(' ', obstacles);
    }

    /// <summary>
    /// Returns in words the columns that a trigger would have to fill, although the functions of none name them; null where there are none. Only an insert
    /// would show for sure whether one does, and its triggers may do things that no rollback takes back.
    /// </summary>
    public string? ExplainUncertain(EntityPlan plan)
    {
        var writers = Writers(plan);
        var unnamed = writers.Count == 0 ? [] : Unfilled(plan).Where(c => !writers.Any(t => Names(t.Source, c.Name))).ToList();
        if (unnamed.Count == 0)
            return null;

        var (triggers, column) = (string.Join(", ", writers.Select(t => $"'{t.Name}'")), unnamed.Count == 1 ? "the column" : "the columns");
        var which = writers.Count == 1 ? $"the trigger {triggers} fills it, whose function does" : $"one of the triggers {triggers} fills it, whose "
            + "functions do";
        return ExplainUnfilled(plan, unnamed, $"so that the table refuses each new record unless {which} not name {column}")
            + " To make sure, insert a row without a value there, in a transaction that you roll back.";
    }

    private static List<TriggerInfo> Writers(EntityPlan plan) => [.. plan.Target.Triggers.Where(t => t.KeepsInserts)];

    private static bool Names(string source, string column) =>
        Regex.IsMatch(source, $@"(?<!\w){Regex.Escape(column)}(?!\w)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    // A default would mark each new row as deleted, and a record that returns could not lose its mark.
    private static string? ExplainMark(EntityPlan plan)
    {
        if (plan.Target.Columns.GetValueOrDefault(DeletionMark.Name) is not { IsRequired: true } mark)
            return null;

        var alter = $"alter column {DeletionMark.Quoted}";
        return $"column '{DeletionMark.Name}' of table {plan.Table} must allow null, which says that Bubble has the record: "
            + $"alter table {plan.Table} {alter} drop not null{(mark.Default is null ? "" : $", {alter} drop default")};";
    }

    private static List<ColumnInfo> Unfilled(EntityPlan plan) =>
    [
        .. plan.Target.Columns.Values
            .Where(c => c is { IsRequired: true, IsComputed: false, Default: null } && c.Name != DeletionMark.Name)
            .Where(c => !Clocks.Own.Contains(c.Name) && plan.Columns.All(p => p.Name != c.Name)),
    ];

    private string ExplainUnfilled(EntityPlan plan, List<ColumnInfo> columns, string sequel)
    {
        var (names, verb) = (string.Join(", ", columns.Select(c => $"'{c.Name}'")), columns.Count == 1 ? "has" : "have");
        return $"{(columns.Count == 1 ? "column" : "columns")} {names} of table {plan.Table} must not be empty, {verb} no default, and no map fills "
            + $"{(columns.Count == 1 ? "it" : "them")}, {sequel}. {string.Join(' ', columns.Select(c => Fix(plan, c)))}";
    }

    private string Fix(EntityPlan plan, ColumnInfo column)
    {
        var types = FieldType.All.Values.Where(t => ColumnStorage.Of(t, column) is not null);
        var type = types.OrderByDescending(t => t.Column == column.Type).FirstOrDefault()?.Name;
        var line = type is null ? "" : $"add a line to its map: {{ \"column\": \"{column.Name}\", \"type\": \"{type}\", \"from\": \"NAME IN BUBBLE\" }}";
        var rule = rules.GetValueOrDefault((plan.Target.Name, column.Name), ColumnRules.None);
        var statement = Statement(plan, column, rule);
        return (line.Length > 0, statement.Length > 0) switch
        {
            (true, true) => $"For '{column.Name}', {line}; or {statement}",
            (false, false) when rule == ColumnRules.None => $"Give '{column.Name}' a default.",
            (false, false) => $"Give '{column.Name}' a default that its constraints and unique indexes accept for each record.",
            _ => $"For '{column.Name}', {line}{statement}",
        };
    }

    // A domain, a foreign key or a check may refuse any value.
    private static string Statement(EntityPlan plan, ColumnInfo column, ColumnRules rule)
    {
        if (column.Domain is not null || rule.IsLimited)
            return "";

        var quoted = Identifier.Quote(column.Name);
        var alter = $"alter table {plan.Table} alter column {quoted}";
        if (rule.IsUnique && column.Type is (ColumnTypes.Smallint or ColumnTypes.Integer or ColumnTypes.Bigint))
        {
            // It begins behind the numbers that the rows have.
            return $"let the database number it: {alter} add generated by default as identity; "
                + $"select setval(pg_get_serial_sequence({Identifier.Literal(plan.Table)}, {Identifier.Literal(column.Name)}), "
                + $"greatest(max({quoted}), 0) + 1, false) from {plan.Table};";
        }

        return (rule.IsUnique ? UniqueValue(column) : Value(column)) is { } value ? $"give it a default: {alter} set default {value};" : "";
    }

    private static string? UniqueValue(ColumnInfo column) => column.Type switch
    {
        ColumnTypes.Text or ColumnTypes.Varchar or ColumnTypes.Character or ColumnTypes.Citext when column.Length is null or >= UuidLength =>
            "gen_random_uuid()::text",
        ColumnTypes.Uuid => "gen_random_uuid()",
        _ => null,
    };

    private static string? Value(ColumnInfo column) => column.Type switch
    {
        ColumnTypes.Text or ColumnTypes.Varchar or ColumnTypes.Character or ColumnTypes.Citext => "''",
        ColumnTypes.Smallint or ColumnTypes.Integer or ColumnTypes.Bigint or ColumnTypes.Numeric or ColumnTypes.Real or ColumnTypes.Double => "0",
        ColumnTypes.Boolean => "false",
        ColumnTypes.TimestampWithZone => "now()",
        ColumnTypes.Timestamp => "(now() at time zone 'UTC')",
        ColumnTypes.Date => "((now() at time zone 'UTC')::date)",
        ColumnTypes.Uuid => "gen_random_uuid()",
        ColumnTypes.Json or ColumnTypes.Jsonb => "'{}'",
        [.., '[', ']'] => "'{}'",
        _ => null,
    };
}
