using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Extract.Changes;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BubbleSync.Tests.Extract;

/// <summary>A whole type that is read in windows while its answers lie or its records come and go.</summary>
public class ReconciliationProperties
{
    private const int End = 1000;

    [Fact]
    public void A_record_that_did_not_come_makes_the_type_incomplete() => Often(random =>
    {
        var history = new History(random);
        history.Type.Hidden.UnionWith(history.Type.Records.Keys.Where(_ => random.Next(20) == 0));

        history.Read();

        // Some come on a page of one row, as counts do.
        var missing = history.Type.Records.Keys.Except(history.HandedOn.Versions.Keys).ToList();
        Assert.True(missing.Count == 0 || history.ExtractLog.Issues.Count > 0, $"{string.Join(", ", missing)} did not come");
    });

    [Fact]
    public void One_answer_that_is_not_true_is_made_up_for() => Often(random =>
    {
        var history = new History(random);
        var (liar, isEmpty) = (random.Next(1, 8), random.Next(2) == 0);
        history.Type.Lie = (_, _, _, answer) => history.Type.Requests != liar ? answer
            : isEmpty ? new FakeAnswer([], 0) : answer with { Remaining = Math.Max(0, answer.Remaining!.Value + random.Next(-5, 6)) };

        history.Read();

        var missing = history.Type.Records.Keys.Except(history.HandedOn.Versions.Keys).ToList();
        Assert.True(missing.Count == 0 || history.ExtractLog.Issues.Count > 0, $"{string.Join(", ", missing)} did not come");
    });

    [Fact]
    public void Records_that_come_and_go_while_they_are_read_are_forgiven() => Often(random =>
    {
        var history = new History(random);
        var before = history.Type.Records.Keys.ToList();
        // Fewer than a window is read again for.
        var left = 3;
        history.Type.Before = () =>
        {
            if (random.Next(5) == 0 && left-- > 0)
                history.Type.Stir(random);
        };

        history.Read();

        Assert.Empty(history.ExtractLog.Issues);
        Assert.Empty(before.Where(history.Type.Records.ContainsKey).Except(history.HandedOn.Versions.Keys));
    });

    [Fact]
    public void Counts_that_agree_take_one_call() => Often(random =>
    {
        var history = new History(random, undated: 0);

        history.Read();

        Assert.Empty(history.ExtractLog.Issues);
        Assert.Equal(1, history.Reconciling);
    });

    private static void Often(Action<Random> property) =>
        Check.One(
            FsCheck.Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => property(new Random(seed))));

    private sealed class History
    {
        private readonly BubbleSettings _settings;

        public History(Random random, int? undated = null)
        {
            _settings = new BubbleSettings { PageSize = random.Next(2, 7), WindowSize = random.Next(7, 20) };
            foreach (var number in Enumerable.Range(0, random.Next(60)))
                Type.Put($"{number}x1", End - random.Next(60), End - 1 - random.Next(60));
            foreach (var number in Enumerable.Range(0, undated ?? random.Next(3)))
                Type.Records[$"{number}x2"] = new FakeRecord($"{number}x2", null, End - 1, 0);
            Type.Now = End + 1;
        }

        public FakeType Type { get; } = new();

        public ExtractLog ExtractLog { get; } = new();

        public HandedOn HandedOn { get; } = new();

        /// <summary>The calls that came after the windows.</summary>
        public int Reconciling { get; private set; }

        public void Read() => ReadAsync().GetAwaiter().GetResult();

        private async Task ReadAsync()
        {
            var planner = new WindowPlanner(Type.Source, _settings);
            var whole = await Type.Source.ProbeAsync(null, 0, CancellationToken.None);
            ExtractLog.CountedBefore = whole.Total;
            await foreach (var window in planner.PlanAsync(whole, FakeType.At(End), [], CancellationToken.None))
                await ReadAsync(window);
            var reconciliation = new Reconciliation(Type.Source, planner, ExtractLog, FakeType.At(End));
            var before = Type.Requests;
            while (await reconciliation.NextAsync(CancellationToken.None) is { Count: > 0 } missed)
            {
                foreach (var window in missed)
                    await ReadAsync(window);
            }

            Reconciling = Type.Requests - before;
        }

        private async Task ReadAsync(Window window)
        {
            var order = new ReadingOrder(TimeProvider.System);
            var readings = window is { From: { } from, To: null }
                ? new KeysetReader(Type.Source, _settings, order).ReadAsync(window, from, CancellationToken.None, CancellationToken.None)
                : new WindowReader(Type.Source, _settings, order).ReadAsync(window, CancellationToken.None);
            await foreach (var reading in readings)
            {
                HandedOn.Take(reading);
                if (reading is ReadingEnded { Of.Window: var of, ReadingResult: var result })
                    ExtractLog.Add(of, result);
            }
        }
    }
}
