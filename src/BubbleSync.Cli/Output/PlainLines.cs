using System.Globalization;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Cli.Output;

/// <summary>Progress without a terminal: an occasional line on stderr.</summary>
internal sealed class PlainLines(TimeProvider clock) : IProgress<RunProgress>
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private readonly RunSpeed _speed = new(clock);
    private long _last = clock.GetTimestamp();

    /// <inheritdoc/>
    public void Report(RunProgress value)
    {
        _speed.Note(value);
        if (clock.GetElapsedTime(_last) < Period)
            return;

        _last = clock.GetTimestamp();
        var done = value.Entities.Where(e => e.State == EntityState.Done).Select(e => e.Name).DefaultIfEmpty("none yet");
        Console.Error.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{ProgressText.Records(value, _speed)}; {ProgressText.Api(value, _speed)}; {ProgressText.Queues(value)}; done: {string.Join(", ", done)}"));
    }
}
