using System.CommandLine;

namespace BubbleSync.Cli;

/// <summary>Options that take names of entities.</summary>
internal static class EntityOption
{
    /// <summary>Makes <c>--entity</c>, which may be given several times.</summary>
    public static Option<string[]> Create()
    {
        var option = new Option<string[]>("--entity")
        {
            Description = "Only this entity; may be given several times",
            HelpName = "NAME",
            DefaultValueFactory = _ => []
        };
        option.CompletionSources.Add(ConfiguredNames.Entities);
        return option;
    }

    /// <summary>Makes <c>--entity</c>, which takes one.</summary>
    public static Option<string?> Single(string description)
    {
        var option = new Option<string?>("--entity") { Description = description, HelpName = "NAME" };
        option.CompletionSources.Add(ConfiguredNames.Entities);
        return option;
    }
}
