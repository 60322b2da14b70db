using System.Text.RegularExpressions;
using BubbleSync.Etl.Mapping;

namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>The name that commands use for a type without an entity.</summary>
internal static partial class EntityName
{
    /// <summary>The normalised name in plain letters and digits, which no shell has to quote; empty if the type's name has none of these.</summary>
    public static string Of(string display)
    {
        var name = Strange().Replace(FieldName.Normalise(display), "_").Trim('_');
        return name is [>= '0' and <= '9', ..] ? $"t_{name}" : name;
    }

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex Strange();
}
