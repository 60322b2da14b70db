using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Columns;
using static System.FormattableString;

namespace BubbleSync.Etl.Mapping;

/// <summary>Checks the masks of a map: a masked value must not reach the database by another way, and its column must be able to hold the mask.</summary>
internal static class MaskCheck
{
    private static readonly string[] Needed = [BubbleField.Id, BubbleField.Created, BubbleField.Modified];

    /// <summary>Returns what is wrong with the lines of a map, by column.</summary>
    public static IEnumerable<(string Column, string What)> Faults(EntityMap map)
    {
        foreach (var line in map.Fields.Where(f => f.Mask is not null))
        {
            if (line.Column == map.Key || line.Names.Any(Needed.Contains))
                yield return (line.Column, "every sync needs this value. Take \"mask\" out of the line.");
            else if (line.Relation.Count > 0)
                yield return (line.Column, "a masked id names no record any more. Take \"mask\" or \"relation\" out of the line.");
            else if (line.Mask != MaskKind.Drop && line.Type is not ("text" or "text[]"))
                yield return (line.Column, $"a mask is text, so the type must be text or text[], not {line.Type}; or drop the value.");

            if (map.Fields.FirstOrDefault(f => f.Mask is null && f.Names.Intersect(line.Names).Any() && Overlap(f.Path, line.Path)) is { } open)
                yield return (line.Column, $"column '{open.Column}' reads the same field without a mask. Give that line a mask too, or remove it.");
        }
    }

    /// <summary>Returns why a column cannot hold the mask of its line; null where it can.</summary>
    public static string? Misfit(FieldMap line, ColumnInfo column) => line.Mask switch
    {
        MaskKind.Drop when column.IsRequired => $"Column '{line.Column}' is not null, but the map drops its value.",
        MaskKind.Hash when column.Length < FieldMask.HashLength =>
            Invariant($"Column '{line.Column}' is {column.FullType}, but a hash has {FieldMask.HashLength} characters."),
        MaskKind.Hash or MaskKind.Last4 when column.Type is ColumnTypes.Enum or ColumnTypes.Uuid =>
            $"Column '{line.Column}' is {column.FullType}, which cannot hold a mask.",
        _ => null,
    };

    // The whole of an object has all its parts.
    private static bool Overlap(IReadOnlyList<string> one, IReadOnlyList<string> other) =>
        one.Zip(other).All(steps => steps.First == steps.Second);
}
