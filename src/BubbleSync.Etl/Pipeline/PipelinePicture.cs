using System.Text;
using BubbleSync.Etl.Reports;
using static System.FormattableString;

namespace BubbleSync.Etl.Pipeline;

/// <summary>Draws a graph from its own blocks.</summary>
internal static class PipelinePicture
{
    /// <summary>Returns the graph as a report.</summary>
    public static GraphReport Of(RunPipeline graph)
    {
        var blocks = Ordered(graph.Blocks);
        var ids = blocks.Index().ToDictionary(b => b.Item, b => b.Index);
        return new GraphReport([.. blocks.Select(b => new GraphBlock(ids[b], b.Entity, b.Name, b.Parallel, [.. b.Next.Select(n => ids[n])]))])
        {
            Mermaid = Mermaid(blocks, ids),
            Text = Text(blocks),
        };
    }

    // Each block after all blocks that lead to it; entities in the order of their first blocks, the whole run last.
    private static List<PipelineBlock> Ordered(IReadOnlyList<PipelineBlock> blocks)
    {
        var before = blocks.SelectMany(b => b.Next).GroupBy(b => b).ToDictionary(g => g.Key, g => g.Count());
        var ready = new Queue<PipelineBlock>(blocks.Where(b => !before.ContainsKey(b)));
        List<PipelineBlock> ordered = [];
        while (ready.TryDequeue(out var block))
        {
            ordered.Add(block);
            foreach (var next in block.Next.Where(n => --before[n] == 0))
                ready.Enqueue(next);
        }

        return [.. ordered.GroupBy(b => b.Entity).OrderBy(g => g.Key is null).SelectMany(g => g)];
    }

    private static string Mermaid(IReadOnlyList<PipelineBlock> blocks, Dictionary<PipelineBlock, int> ids)
    {
        var text = new StringBuilder("flowchart LR\n");
        foreach (var group in blocks.GroupBy(b => b.Entity))
        {
            if (group.Key is { } entity)
                text.Append(Invariant($"  subgraph g{ids[group.First()]} [\"{entity}\"]\n"));
            foreach (var block in group)
                text.Append(Invariant($"    b{ids[block]}[\"{Label(block)}\"]\n"));
            if (group.Key is not null)
                text.Append("  end\n");
        }

        foreach (var block in blocks.Where(b => b.Next.Count > 0))
            text.Append(Invariant($"  b{ids[block]} --> {string.Join(" & ", block.Next.Select(n => Invariant($"b{ids[n]}")))}\n"));
        return text.ToString();
    }

    private static string Text(IReadOnlyList<PipelineBlock> blocks)
    {
        var before = blocks.SelectMany(b => b.Next.Select(n => (From: b, To: n))).ToLookup(l => l.To, l => l.From);
        return string.Join('\n', blocks.GroupBy(b => b.Entity).Select(g => $"{g.Key ?? "whole run"}: {Chain([.. g], before)}"));
    }

    // An arrow stands only between blocks that are linked; all other links are in brackets.
    private static string Chain(IReadOnlyList<PipelineBlock> blocks, ILookup<PipelineBlock, PipelineBlock> before)
    {
        var text = new StringBuilder();
        foreach (var (index, block) in blocks.Index())
        {
            var last = index > 0 ? blocks[index - 1] : null;
            text.Append(last is null ? "" : before[block].Contains(last) ? " ─► " : " · ");
            text.Append(Label(block)).Append(After(block, before[block].Where(b => b != last)));
        }

        return text.ToString();
    }

    // Blocks of several entities with one name, such as the merges of a level, are named together.
    private static string After(PipelineBlock block, IEnumerable<PipelineBlock> before)
    {
        var others = before.GroupBy(b => b.Name).Select(g => g.ToList() switch
        {
            [var one] when one.Entity is null || one.Entity == block.Entity => one.Name,
            _ when block.Entity is null => $"every {g.Key}",
            var several => $"{g.Key} of {string.Join(", ", several.Select(b => b.Entity))}",
        }).ToList();
        return others.Count == 0 ? "" : $" (after {string.Join("; ", others)})";
    }

    private static string Label(PipelineBlock block) => block.Parallel > 1 ? Invariant($"{block.Name} ×{block.Parallel}") : block.Name;
}
