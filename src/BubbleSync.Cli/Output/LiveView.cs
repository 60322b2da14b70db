using System.Globalization;
using BubbleSync.Etl.Reports;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BubbleSync.Cli.Output;

/// <summary>
/// Draws a run: one line per entity, and three below: records, calls, queues. In a narrow terminal the bars are left out, then counts become percentages.
/// </summary>
internal sealed class LiveView(TimeProvider clock) : IRenderable
{
    private const int WidestBar = 30;
    private const int LeastBar = 8;

    // The terminal writes ^C where the cursor rests, at the end of the last line: wrapped, it would put the next drawing one line lower.
    private const int RoomForEcho = 3;

    // Records, calls, queues; and the line on which the cursor rests.
    private const int LinesBelow = 4;

    // Count and pace, with all blanks of a line; and a state, with room for rejects before there are any, so that bars do not jump.
    private const int Figures = 34;
    private const int LeastState = 17;

    private readonly RunSpeed _speed = new(clock);
    private readonly Lock _gate = new();
    private RunProgress? _now;

    /// <summary>What the next drawing shows.</summary>
    public void Note(RunProgress progress)
    {
        lock (_gate)
        {
            _now = progress;
            _speed.Note(progress);
        }
    }

    /// <inheritdoc/>
    public Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

    /// <inheritdoc/>
    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var width = maxWidth - RoomForEcho;
        lock (_gate)
            return _now is { } progress ? [.. Lines(progress, options, width).SelectMany(l => Cut(l, width))] : [];
    }

    private IEnumerable<IReadOnlyList<Segment>> Lines(RunProgress progress, RenderOptions options, int width)
    {
        var shown = Shown(progress.Entities, options.ConsoleSize.Height - LinesBelow).Select(e => (Entity: e, State: State(e, progress.Compares))).ToList();
        var name = shown.Select(e => VisibleText.Of(e.Entity.Name).Length).DefaultIfEmpty(0).Max();
        var bar = Math.Min(width - name - Figures - 2 - shown.Select(e => e.State.Length).Append(LeastState).Max(), WidestBar);
        foreach (var (entity, state) in shown)
            yield return
            [
                new($" {VisibleText.Of(entity.Name).PadRight(name)}  "),
                .. bar < LeastBar ? [] : Bar(entity, options.Unicode ? "━┈" : "#.", bar),
                new(width < name + Figures + state.Length ? Part(entity) : Count(entity)),
                new(state, Style(entity)),
            ];

        var faint = new Style(foreground: Color.Grey);
        yield return [new($" {ProgressText.Records(progress, _speed)}")];
        yield return [new($" {ProgressText.Api(progress, _speed)}", progress.Api.Throttled > 0 ? new(foreground: Color.Yellow) : faint)];
        yield return [new($" {ProgressText.Queues(progress)}", faint)];
    }

    // In a low window, entities in progress come first, then waiting ones.
    private static List<EntityProgress> Shown(IReadOnlyList<EntityProgress> entities, int lines)
    {
        var first = entities.OrderBy(e => e.State switch { EntityState.Reading => 0, EntityState.Merging => 1, EntityState.Waiting => 2, _ => 3 })
            .Take(Math.Max(lines, 1)).ToHashSet();
        return [.. entities.Where(first.Contains)];
    }

    private static Segment[] Bar(EntityProgress entity, string ink, int width)
    {
        var full = entity.State == EntityState.Done ? width : entity.Expected is { } expected and > 0 ? (int)Math.Min(
            width, width * entity.Read / expected) : 0;
        return [new(new string(ink[0], full), Style(entity)), new($"{new string(ink[1], width - full)}  ", new(foreground: Color.Grey))];
    }

    private string Count(EntityProgress entity)
    {
        var count = entity.Expected is { } expected ? string.Create(CultureInfo.InvariantCulture, $"{entity.Read:N0}/{expected:N0}") : "";
        var pace = entity.State == EntityState.Reading && _speed.Of(entity.Name) is > 0 and var speed
            ? string.Create(CultureInfo.InvariantCulture, $"{speed:N0}/s")
            : "";
        return $"{count,19} {pace,9}  ";
    }

    private static string Part(EntityProgress entity) =>
        string.Create(
            CultureInfo.InvariantCulture, $"{(entity.Expected is { } expected and > 0 ? 100 * Math.Min(entity.Read, expected) / expected : 0),3} %  ");

    private static string State(EntityProgress entity, bool compares) => entity.State switch
    {
        EntityState.Waiting => "waiting",
        EntityState.Reading => "reading",
        EntityState.Merging => compares ? "comparing" : "merging",
        _ => "done",
    } + ProgressText.Rejected(entity.Rejected);

    private static Style Style(EntityProgress entity) => new(foreground: entity switch
    {
        { Rejected: > 0 } => Color.Yellow,
        { State: EntityState.Done } => Color.Green,
        { State: EntityState.Waiting } => Color.Grey,
        _ => Color.Blue,
    });

    // A wrapped line takes one more row than is cleared before the next drawing.
    private static IEnumerable<Segment> Cut(IReadOnlyList<Segment> line, int width)
    {
        foreach (var segment in line)
        {
            if (width <= 0)
                break;

            yield return new(segment.Text[..Math.Min(segment.Text.Length, width)], segment.Style);
            width -= segment.Text.Length;
        }

        yield return Segment.LineBreak;
    }
}
