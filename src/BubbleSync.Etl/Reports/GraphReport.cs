using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Reports;

/// <summary>The graph of a run: its blocks and their links.</summary>
/// <param name="Blocks">The blocks, in the order of the record's way, entity by entity; the blocks of the whole run come last.</param>
public sealed record GraphReport(IReadOnlyList<GraphBlock> Blocks)
{
    /// <summary>The graph as a Mermaid flowchart.</summary>
    public required string Mermaid { get; init; }

    /// <summary>The graph as lines of text. In no JSON.</summary>
    [JsonIgnore]
    public string Text { get; init; } = "";

    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>A block of the graph.</summary>
/// <param name="Id">Its number in this report.</param>
/// <param name="Entity">The entity, or null for a block of the whole run.</param>
/// <param name="Name">Its name, which errors and measurements have, too.</param>
/// <param name="Parallel">The number of messages that it works on at once.</param>
/// <param name="Next">The numbers of the blocks that wait for it or take its messages.</param>
public sealed record GraphBlock(int Id, string? Entity, string Name, int Parallel, IReadOnlyList<int> Next);
