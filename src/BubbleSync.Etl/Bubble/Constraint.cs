namespace BubbleSync.Etl.Bubble;

/// <summary>One condition of a search; Bubble joins them by AND.</summary>
internal sealed record Constraint(string Key, string Type, object? Value)
{
    /// <summary>The field is later than or at a moment. Bubble's comparators are strict, hence the millisecond.</summary>
    public static Constraint NotBefore(string key, DateTimeOffset moment) => new(key, "greater than", Time(moment.AddMilliseconds(-1)));

    /// <summary>The field is earlier than a moment.</summary>
    public static Constraint Before(string key, DateTimeOffset moment) => new(key, "less than", Time(moment));

    /// <summary>The field has no value.</summary>
    public static Constraint Empty(string key) => new(key, "is_empty", null);

    /// <summary>The field is one of some values.</summary>
    public static Constraint In(string key, IReadOnlyList<string> values) => new(key, "in", values);

    /// <summary>The field is a list that has the value among its items.</summary>
    public static Constraint Contains(string key, string value) => new(key, "contains", value);

    private static string Time(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null);
}
