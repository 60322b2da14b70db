using System.CommandLine.Completions;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli;

/// <summary>Names for tab completion, from the configuration that the line so far names; none if that cannot be read.</summary>
internal static class ConfiguredNames
{
    /// <summary>The entities of the maps.</summary>
    public static IEnumerable<string> Entities(CompletionContext line) => Read(line, engine => engine.ListEntities());

    /// <summary>The patches.</summary>
    public static IEnumerable<string> Patches(CompletionContext line) => Read(line, engine => engine.ListPatches());

    private static IReadOnlyList<string> Read(CompletionContext line, Func<SyncEngine, IReadOnlyList<string>> list)
    {
        try
        {
            EnvironmentFile.Apply(line.ParseResult);
            var file = line.ParseResult.GetResult(CommonOptions.Config) is { Tokens: [var named] } ? named.Value : null;
            return list(new SyncEngine(SettingsFile.Read(file, new Dictionary<string, string>(), Environment.GetEnvironmentVariables())));
        }
        catch (SyncException)
        {
            return [];
        }
    }
}
