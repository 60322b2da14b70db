using Spectre.Console.Rendering;

namespace BubbleSync.Cli.Output;

/// <summary>
/// A line above a view that redraws itself: what the view had drawn below is cleared first, as the line may be longer than those it replaces, or wrap.
/// </summary>
internal sealed class Notice(string line) : IRenderable
{
    private const string ClearBelow = "\u001b[J";

    /// <inheritdoc/>
    public Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

    /// <inheritdoc/>
    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
    [
        .. options.Ansi ? [Segment.Control(ClearBelow)] : Array.Empty<Segment>(),
        .. WordWrap.Of(VisibleText.Of(line), Terminal.Width(maxWidth)).Split('\n').SelectMany(l => new[] { new Segment(l), Segment.LineBreak }),
    ];
}
