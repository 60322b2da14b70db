using System.Text.Json;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Etl.Bubble;

/// <summary>One condition of a search; Bubble joins them by AND.</summary>
/// <param name="Json">The condition as Bubble takes it.</param>
internal sealed record Constraint(string Json)
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    /// <summary>The field is at or after a moment. Bubble's comparators are strict, so a millisecond is subtracted, if the moment is not the first.</summary>
    public static Constraint NotBefore(string key, DateTimeOffset moment) =>
        Of(key, "greater than", Time(moment - DateTimeOffset.MinValue >= Least ? moment - Least : moment));

    /// <summary>The field is earlier than a moment.</summary>
    public static Constraint Before(string key, DateTimeOffset moment) => Of(key, "less than", Time(moment));

    /// <summary>The field has no value.</summary>
    public static Constraint Empty(string key) => new($$"""{{{Condition(key, "is_empty")}}}""");

    /// <summary>The field is one of some values.</summary>
    public static Constraint In(string key, IReadOnlyList<string> values) => Of(key, "in", $"[{string.Join(',', values.Select(Text))}]");

    /// <summary>The field is a list that has the value among its items.</summary>
    public static Constraint Contains(string key, string value) => Of(key, "contains", Text(value));

    private static Constraint Of(string key, string type, string value) => new($$"""{{{Condition(key, type)}},"value":{{value}}}""");

    private static string Condition(string key, string type) => $"\"key\":{Text(key)},\"constraint_type\":{Text(type)}";

    private static string Time(DateTimeOffset moment) => Text(UtcText.Of(moment));

    private static string Text(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
