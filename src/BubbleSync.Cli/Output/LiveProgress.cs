using System.Globalization;
using BubbleSync.Etl;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BubbleSync.Cli.Output;

/// <summary>Shows how a run is getting on: bars in a terminal, a plain line now and then elsewhere. On stderr only.</summary>
internal static class LiveProgress
{
    private static readonly TimeSpan PlainPeriod = TimeSpan.FromSeconds(5);

    /// <summary>Runs the work and shows its progress.</summary>
    public static async Task<T> ShowAsync<T>(Func<IProgress<RunProgress>, Task<T>> work)
    {
        if (!Terminal.IsWatched)
            return await work(new PlainLines(TimeProvider.System));

        return await Terminal.Error.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 30 }, new RecordsColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new Bars(context)));
    }

    private static string Line(RunProgress progress) => string.Create(
        CultureInfo.InvariantCulture,
        $"{progress.Entities.Sum(e => e.Read):N0} of {progress.Entities.Sum(e => e.Expected ?? 0):N0} records read, {progress.Api.Calls:N0} calls, {progress.InFlight} in flight, {progress.AllowedPerMinute:N0} calls a minute allowed{(progress.Api.Throttled > 0 ? $", {progress.Api.Throttled} throttled" : "")}{Waiting(progress)}");

    // Where pages pile up, the stage behind them is what the run waits for.
    private static string Waiting(RunProgress progress) =>
        string.Concat(progress.Queues.Where(q => q.Stage != "read").Select(q => string.Create(CultureInfo.InvariantCulture, $", {q.Waiting} of {q.Capacity} pages wait to be {(q.Stage == "map" ? "mapped" : "staged")}")));

    private sealed class PlainLines(TimeProvider clock) : IProgress<RunProgress>
    {
        private long _last = clock.GetTimestamp();

        public void Report(RunProgress value)
        {
            if (clock.GetElapsedTime(_last) < PlainPeriod)
                return;

            _last = clock.GetTimestamp();
            Console.Error.WriteLine($"{Line(value)}; done: {string.Join(", ", value.Entities.Where(e => e.State == EntityState.Done).Select(e => e.Name).DefaultIfEmpty("none yet"))}");
        }
    }

    private sealed class Bars(ProgressContext context) : IProgress<RunProgress>
    {
        private readonly Dictionary<string, ProgressTask> _tasks = [];
        private ProgressTask? _api;

        public void Report(RunProgress value)
        {
            foreach (var entity in value.Entities)
            {
                if (!_tasks.TryGetValue(entity.Name, out var task))
                    task = _tasks[entity.Name] = context.AddTask(entity.Name, autoStart: false);
                Show(entity, task);
            }

            _api ??= context.AddTask("api", maxValue: 1);
            _api.Description = $"[grey]{Markup.Escape(Line(value))}[/]";
            _api.IsIndeterminate = false;
        }

        private static void Show(EntityProgress entity, ProgressTask task)
        {
            if (entity.State != EntityState.Waiting && !task.IsStarted)
                task.StartTask();
            task.Description = $"{entity.Name} [grey]{State(entity)}[/]";
            task.MaxValue = Math.Max(entity.Expected ?? 1, 1);
            task.Value = Math.Min(entity.Read, task.MaxValue);
            if (entity.State == EntityState.Done)
                task.StopTask();
        }

        private static string State(EntityProgress entity) => entity.State switch
        {
            EntityState.Waiting => "waiting",
            EntityState.Reading => "reading",
            EntityState.Merging => "merging",
            _ => "done",
        } + (entity.Rejected > 0 ? $", {entity.Rejected} rejected" : "");
    }

    private sealed class RecordsColumn : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            if (task.MaxValue <= 1)
                return Text.Empty;

            var rate = task.Speed is { } speed and > 0 ? string.Create(CultureInfo.InvariantCulture, $" {speed:N0}/s") : "";
            return new Text(string.Create(CultureInfo.InvariantCulture, $"{task.Value:N0}/{task.MaxValue:N0}{rate}"));
        }
    }
}
