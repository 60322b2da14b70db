using BubbleSync.Etl.Reports;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>Shows the progress of a run on stderr: a view that redraws itself in a terminal, a plain line now and then elsewhere.</summary>
internal static class LiveProgress
{
    /// <summary>Runs the work and shows its progress.</summary>
    public static async Task<T> ShowAsync<T>(Func<IProgress<RunProgress>, Task<T>> work)
    {
        if (!Terminal.IsWatched)
            return await work(new PlainLines(TimeProvider.System));

        var view = new LiveView(TimeProvider.System);
        return await Terminal.Error.Live(view)
            .AutoClear(true)
            .Overflow(VerticalOverflow.Crop)
            .StartAsync(display => work(new Redraw(view, display)));
    }

    private sealed class Redraw(LiveView view, LiveDisplayContext display) : IProgress<RunProgress>
    {
        public void Report(RunProgress value)
        {
            view.Note(value);
            display.Refresh();
        }
    }
}
