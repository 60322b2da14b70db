namespace BubbleSync.Etl.Reports;

/// <summary>The entities that were proposed.</summary>
/// <param name="Source">Where their fields come from, each completed by a sample of records.</param>
/// <param name="DryRun">Whether nothing was written.</param>
/// <param name="Entities">The entities by name.</param>
/// <param name="Warnings">What a user should check: types that cannot be read, links that form a cycle.</param>
public sealed record ScaffoldReport(SchemaSource Source, bool DryRun, IReadOnlyList<ScaffoldedEntity> Entities, IReadOnlyList<string> Warnings)
{
    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>One entity that was proposed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="BubbleType">The type's name in addresses.</param>
/// <param name="Table">Its table.</param>
/// <param name="Level">Its merge level.</param>
/// <param name="Fields">How many fields its map has.</param>
/// <param name="MapFile">The map, with its folder.</param>
/// <param name="TableFile">The table's script, with its folder.</param>
public sealed record ScaffoldedEntity(string Name, string BubbleType, string Table, int Level, int Fields, string MapFile, string TableFile);
