using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BubbleSync.Tests.Extract;

/// <summary>Two sides that are compared by counts, while records are deleted in Bubble: where the sides are called equal, they are.</summary>
public class CountReconciliationProperties
{
    private const int End = 1_000_000;

    [Fact]
    public void Afterwards_both_sides_have_the_same_records() => Often(random =>
    {
        var sides = new Sides(random, records: random.Next(80));
        var known = sides.Here.Keys.ToHashSet();
        sides.Drift(random, there: random.Next(6), here: random.Next(6));
        var left = random.Next(3);
        sides.There.Before = () =>
        {
            if (random.Next(6) == 0 && left-- > 0 && sides.There.Records.Count > 0)
                sides.There.Records.Remove(sides.There.Records.Keys.ElementAt(random.Next(sides.There.Records.Count)));
        };

        var result = sides.Run(changed: known.Except(sides.Here.Keys).Any());

        Assert.True(result.Issue is not null || sides.AreEqual(), result.ToString());
        // What was deleted while the ranges were counted may take more rounds than there are, but a few deletions do not.
        Assert.Null(result.Issue);
    });

    [Theory]
    [InlineData(20)]
    [InlineData(20_000)]
    public void Equal_sides_take_two_calls_whatever_their_number(int records)
    {
        var sides = new Sides(new Random(1), records);

        var result = sides.Run(changed: false, undated: null);

        Assert.Equal((null, 2), (result.Issue, sides.There.Requests));
    }

    [Fact]
    public void Ten_deletions_in_ten_places_are_found_with_few_calls()
    {
        var sides = new Sides(new Random(1), 20_000, pageSize: 100);
        foreach (var place in Enumerable.Range(0, 10))
            sides.There.Records.Remove(sides.There.Records.Keys.ElementAt(place * 1_900));

        var result = sides.Run(changed: false);

        Assert.Null(result.Issue);
        Assert.True(sides.AreEqual());
        Assert.InRange(sides.There.Requests, 10, 3 + (15 * 10));
    }

    private static void Often(Action<Random> property) =>
        Check.One(
            FsCheck.Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => property(new Random(seed))));

    private sealed class Sides
    {
        private readonly BubbleSettings _settings;
        private List<string> _counted = [];

        public Sides(Random random, int records, int? pageSize = null)
        {
            _settings = new BubbleSettings { PageSize = pageSize ?? random.Next(2, 7) };
            There.Lie = (window, _, _, answer) =>
            {
                _counted = window is { From: null } && window.To == FakeType.At(End) ? [.. There.Records.Keys] : _counted;
                return answer;
            };
            for (var number = 0; number < records; number++)
            {
                // Some share a millisecond.
                var created = random.Next(3) == 0 ? 5_000 : random.Next(End);
                There.Put($"{number}x1", End, created);
                Here[$"{number}x1"] = created;
            }
        }

        public FakeType There { get; } = new();

        /// <summary>The Created Date of the records that are here.</summary>
        public Dictionary<string, long> Here { get; } = [];

        // What was deleted after the last count is left to the next run.
        public bool AreEqual() => Here.Keys.Order().SequenceEqual(_counted.Order());

        public void Drift(Random random, int there, int here)
        {
            for (; there > 0 && There.Records.Count > 0; there--)
                There.Records.Remove(There.Records.Keys.ElementAt(random.Next(There.Records.Count)));
            for (; here > 0 && Here.Count > 0; here--)
                Here.Remove(Here.Keys.ElementAt(random.Next(Here.Count)));
        }

        public CountResult Run(bool changed, long? undated = 0)
        {
            IReadOnlyList<Window> ranges = changed ? [new Window(WindowKind.Created, null, FakeType.At(End))] : [];
            var side = new CountedSide(CountAsync, ResolveAsync);
            return new CountReconciliation(There.Source, side, _settings, FakeType.At(End))
                .RunAsync(new NotedRows(undated, ranges), CancellationToken.None).GetAwaiter().GetResult();
        }

        private Task<IReadOnlyList<RangeCount>> CountAsync(IReadOnlyList<Window> ranges, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<RangeCount>>([.. ranges.Select(Count)]);

        private RangeCount Count(Window range)
        {
            var created = Here.Values.Where(c => IsIn(c, range)).Order().ToList();
            return new RangeCount(created.Count, 0, created.Count == 0 ? null : FakeType.At(created[created.Count / 2]));
        }

        private async Task ResolveAsync(IReadOnlyList<Window> ranges, CancellationToken cancellationToken)
        {
            foreach (var range in ranges)
            {
                var read = await HandedOn.OfAsync(
                    new WindowReader(There.Source, _settings, new ReadingOrder(TimeProvider.System)).ReadAsync(range, cancellationToken));
                foreach (var gone in Here.Where(h => IsIn(h.Value, range) && !read.Versions.ContainsKey(h.Key)).Select(h => h.Key).ToList())
                    Here.Remove(gone);
                foreach (var id in read.Versions.Keys.Where(There.Records.ContainsKey))
                    Here[id] = There.Records[id].Created!.Value;
            }
        }

        private static bool IsIn(long created, Window range) =>
            range.Kind == WindowKind.Created && (range.From is null || FakeType.At(created) >= range.From) && FakeType.At(created) < range.To;
    }
}
