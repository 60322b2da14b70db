using System.Globalization;
using System.Text;

namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>Assigns unique names to columns and tables: a second one gets <c>_2</c>, and none is longer than PostgreSQL allows.</summary>
internal sealed class FreeNames(IEnumerable<string> taken)
{
    // NAMEDATALEN - 1 of PostgreSQL, in bytes; longer names are cut there with only a notice.
    private const int Longest = 63;

    // PostgreSQL manual, "System Columns": every table has them, and no column may take their names.
    private static readonly string[] SystemColumns = ["cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"];

    private readonly HashSet<string> _taken = [.. taken];

    /// <summary>Names for the columns of a table.</summary>
    /// <param name="taken">The names that it has already.</param>
    public static FreeNames OfColumns(IEnumerable<string> taken) => new(taken.Concat(SystemColumns));

    /// <summary>Takes a name, or the next one that is free.</summary>
    /// <param name="wanted">The name as it should be; may be empty.</param>
    /// <param name="otherwise">What an empty one becomes.</param>
    public string Take(string wanted, string otherwise)
    {
        var name = wanted.Length == 0 ? otherwise : wanted;
        for (var number = 1; ; number++)
        {
            var suffix = number == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"_{number}");
            var candidate = Cut(name, Longest - suffix.Length) + suffix;
            if (_taken.Add(candidate))
                return candidate;
        }
    }

    private static string Cut(string name, int bytes)
    {
        var text = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
        {
            bytes -= rune.Utf8SequenceLength;
            if (bytes < 0)
                break;
            text.Append(rune);
        }

        return text.ToString().TrimEnd('_');
    }
}
