using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Mapping;

/// <summary>Checks a map by itself, without its table.</summary>
internal static class MapCheck
{
    /// <summary>Returns the faults.</summary>
    public static IEnumerable<SyncError> Faults(EntityMap map)
    {
        (string Column, string Field)[] own = [(map.Key, BubbleField.Id), (Clocks.Modified, BubbleField.Modified)];
        foreach (var (column, field) in own.Where(o => !map.Fields.Any(f => f.Column == o.Column && f.From.Contains(o.Field))))
            yield return Fault(map, column, $"fields: column '{column}' must be read from '{field}': without it no record can be recognised or compared.");
        foreach (var field in map.Columns.Where(f => StagingLayout.IsOwn(f.Column)))
            yield return Fault(map, field.Column, $"{(field.HoldsUnmapped ? "unmapped" : "fields")}: column '{field.Column}': staging has a column of this "
                + "name for itself. Give it another one, in the table too.");
        foreach (var field in map.Fields.Where(f => !FieldType.All.ContainsKey(f.Type)))
            yield return Fault(map, field.Column, $"fields: column '{field.Column}': there is no type "
                + $"'{field.Type}'.{DidYouMean.Hint(field.Type, FieldType.All.Keys)}");
        foreach (var (column, what) in MaskCheck.Faults(map))
            yield return Fault(map, column, $"fields: column '{column}': mask: {what}");
    }

    private static SyncError Fault(EntityMap map, string column, string what) =>
        new(SyncStage.Settings, map.Name, null, column, ErrorCode.Settings, $"{map.File}: {what}");
}
