using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Searching;

/// <summary>A constraint type: the fields it is for, how many values it takes (none, one, an array), and what it asks.</summary>
internal sealed record ConditionType(Func<Field, bool> IsFor, ConditionValue Value, Func<RecordView, Field, IReadOnlyList<IComparable>, bool> Matches)
{
    public static IReadOnlyDictionary<string, ConditionType> All { get; } = new Dictionary<string, ConditionType>
    {
        ["equals"] = new(Any, ConditionValue.One, IsOneOf),
        ["not equal"] = new(Any, ConditionValue.One, (view, field, values) => !IsOneOf(view, field, values)),
        ["in"] = new(Any, ConditionValue.Many, IsOneOf),
        ["not in"] = new(Any, ConditionValue.Many, (view, field, values) => !IsOneOf(view, field, values)),
        ["is_empty"] = new(Any, ConditionValue.None, (view, field, _) => view.IsEmpty(field)),
        ["is_not_empty"] = new(Any, ConditionValue.None, (view, field, _) => !view.IsEmpty(field)),
        ["greater than"] = new(IsOrdered, ConditionValue.One, (view, field, values) => Compare(view, field, values) > 0),
        ["less than"] = new(IsOrdered, ConditionValue.One, (view, field, values) => Compare(view, field, values) < 0),
        ["text contains"] = new(IsText, ConditionValue.One, Words.Match),
        ["not text contains"] = new(IsText, ConditionValue.One, (view, field, values) => !Words.Match(view, field, values)),
        ["contains"] = new(IsList, ConditionValue.One, Contains),
        ["not contains"] = new(IsList, ConditionValue.One, (view, field, values) => !Contains(view, field, values)),
        ["empty"] = new(IsList, ConditionValue.None, (view, field, _) => view.IsEmpty(field)),
        ["not empty"] = new(IsList, ConditionValue.None, (view, field, _) => !view.IsEmpty(field)),
        ["geographic_search"] = new(field => field.Type == "geographic_address", ConditionValue.One, (_, _, _) => true),
    };

    private static bool Any(Field field) => true;

    private static bool IsOrdered(Field field) => field.Type is "text" or "number" or "date";

    private static bool IsText(Field field) => field.Type == "text";

    private static bool IsList(Field field) => field.IsList;

    private static bool IsOneOf(RecordView view, Field field, IReadOnlyList<IComparable> values) =>
        view.Value(field) is { } value && values.Any(value.Equals);

    private static bool Contains(RecordView view, Field field, IReadOnlyList<IComparable> values) =>
        view.Items(field).Contains(values[0].ToString());

    private static int? Compare(RecordView view, Field field, IReadOnlyList<IComparable> values) => view.Value(field) switch
    {
        null => null,
        string text => string.CompareOrdinal(text, (string)values[0]),
        var value => value.CompareTo(values[0]),
    };
}
