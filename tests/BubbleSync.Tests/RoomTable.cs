using System.Text.RegularExpressions;

namespace BubbleSync.Tests;

/// <summary>The table of rooms in <c>src/README.md</c>, as data: so what is written there and what is held cannot differ.</summary>
/// <param name="Rooms">The folders of the engine, each with the rooms it may know.</param>
/// <param name="Projects">The projects, each with those of ours it may know; the engine, of which the table has the rooms, stands alone.</param>
internal sealed partial record RoomTable(IReadOnlyDictionary<string, IReadOnlyList<string>> Rooms, IReadOnlyDictionary<string, IReadOnlyList<string>> Projects)
{
    private const string Engine = "BubbleSync.Etl";

    /// <summary>Reads it; a word in the last column that is neither a room, "nobody" nor "all of them" is a mistake.</summary>
    public static RoomTable Read()
    {
        var rows = Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "src", "README.md")))
            .Select(row => (Name: row.Groups[1].Value.Replace(Engine + "/", "", StringComparison.Ordinal), Knows: row.Groups[2].Value))
            .ToList();
        var rooms = rows.Where(r => !r.Name.StartsWith("BubbleSync.", StringComparison.Ordinal)).Select(r => r.Name).ToList();
        return new(
            rows.Where(r => rooms.Contains(r.Name)).ToDictionary(r => r.Name, r => Known(r.Knows, rooms)),
            rows.Where(r => !rooms.Contains(r.Name)).Append((Name: Engine, Knows: "nobody"))
                .ToDictionary(r => r.Name, r => Known(r.Knows, ["Etl", "EmbeddedPostgres", "Simulator"], "BubbleSync.")));
    }

    private static IReadOnlyList<string> Known(string words, IReadOnlyList<string> all, string prefix = "")
    {
        if (words == "all of them")
            return all;

        if (words == "nobody" || words.StartsWith("nothing of ours", StringComparison.Ordinal))
            return [];

        return [.. words.Split(", ").Select(word => all.Contains(word) ? prefix + word : throw new InvalidDataException("src/README.md: there is no "
            + $"room '{word}'."))];
    }

    // The row of the front door begins with "root of" and binds nobody: it may know all.
    [GeneratedRegex(@"^\| `([\w./]+)` \|.*\| ([^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
