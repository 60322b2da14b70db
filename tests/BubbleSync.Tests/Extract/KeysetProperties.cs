using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Extract.Changes;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BubbleSync.Tests.Extract;

/// <summary>Changes that are read by key while records are added, edited and deleted between any two requests.</summary>
public class KeysetProperties
{
    private const int Bound = 1000;

    [Fact]
    public void Every_record_modified_before_the_run_is_handed_on_whatever_happens_between_two_requests() => Often(random =>
    {
        var scene = new ChangingApp(random);
        // As many changes as three pages hold are read beyond the bound in any case.
        var left = random.Next(3 * scene.Settings.PageSize);
        scene.Type.Before = () => left = Stir(scene.Type, random, Math.Min(left, random.Next(3)), left);

        var handedOn = scene.Read(scene.Since);

        Assert.All(handedOn.Issues, IsOfMillisecond);
        foreach (var record in scene.Type.Records.Values.Where(r => handedOn.Issues.Count == 0 && scene.VersionAtBound.ContainsKey(r.Id)))
            Assert.True(handedOn.Versions.GetValueOrDefault(record.Id) >= scene.VersionAtBound[record.Id], $"{record} was not handed on");
    });

    [Fact]
    public void A_type_that_changes_all_the_time_ends_and_the_next_run_has_the_rest() => Often(random =>
    {
        var scene = new ChangingApp(random);
        scene.Type.Before = () => Stir(scene.Type, random, random.Next(2 * scene.Settings.PageSize), int.MaxValue);

        var handedOn = scene.Read(scene.Since);
        var requests = scene.Type.Requests;
        scene.Type.Before = null;
        var next = scene.Read(Bound);

        Assert.InRange(requests, 1, 400);
        Assert.Empty(next.Issues);
        Assert.All(handedOn.Issues, IsOfMillisecond);
        foreach (var record in scene.Type.Records.Values.Where(r => handedOn.Issues.Count == 0 && r.Modified >= scene.Since))
        {
            var known = Math.Max(handedOn.Versions.GetValueOrDefault(record.Id), next.Versions.GetValueOrDefault(record.Id));
            Assert.True(record.Version == known, $"{record} is lost");
        }
    });

    [Fact]
    public void Windows_follow_each_other_without_a_gap_and_hand_on_each_record_once() => Often(random =>
    {
        var scene = new ChangingApp(random);

        var handedOn = scene.Read(scene.Since);

        Assert.Empty(handedOn.Issues);
        Assert.Equal(scene.Type.Records.Values.Where(r => r.Modified >= scene.Since).Select(r => r.Id).Order(), handedOn.Versions.Keys.Order());
        Assert.Equal(scene.Since, FakeType.Of(handedOn.Ends[0].Window.From!.Value));
        Assert.All(handedOn.Ends.Zip(handedOn.Ends.Skip(1)), pair => Assert.Equal(pair.First.Window.To, pair.Second.Window.From));
        Assert.Null(handedOn.Ends[^1].Window.To);
        // Only a millisecond that is read by itself brings again what an earlier page had of it.
        if (handedOn.Ends.TrueForAll(e => e.Window.To is null || e.Window.To - e.Window.From > TimeSpan.FromMilliseconds(1)))
            Assert.Equal(handedOn.Versions.Count, handedOn.Rows);
    });

    // A millisecond whose records change in each of its readings: the run does not count as complete, and its watermark stays.
    private static void IsOfMillisecond(string? issue) =>
        Assert.Matches("^([0-9]+ rows came of [0-9]+ counted before and [0-9]+ after|[0-9]+ ids came twice)$", issue);

    private static int Stir(FakeType type, Random random, int times, int left)
    {
        for (var i = 0; i < times; i++)
            type.Stir(random);
        return left - times;
    }

    private static void Often(Action<Random> property) =>
        Check.One(
            FsCheck.Config.QuickThrowOnFailure.WithMaxTest(700),
            Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => property(new Random(seed))));

    private sealed class ChangingApp
    {
        public ChangingApp(Random random)
        {
            Settings = new BubbleSettings { PageSize = random.Next(1, 7), WindowSize = random.Next(1, 20) };
            // Few milliseconds, so that some hold more records than a page.
            var span = random.Next(1, 40);
            Since = Bound - random.Next(span + 1);
            foreach (var number in Enumerable.Range(0, random.Next(50)))
                Type.Put($"{number}x{random.Next(1000)}", Bound - random.Next(span));
            VersionAtBound = Type.Records.Values.Where(r => r.Modified >= Since).ToDictionary(r => r.Id, r => r.Version);
            Type.Now = Bound + 1;
        }

        public FakeType Type { get; } = new();

        public BubbleSettings Settings { get; }

        public long Since { get; }

        public Dictionary<string, long> VersionAtBound { get; }

        public HandedOn Read(long since)
        {
            var reader = new KeysetReader(Type.Source, Settings, new ReadingOrder(TimeProvider.System));
            var range = new Window(WindowKind.Modified, FakeType.At(since), null);
            return HandedOn.OfAsync(reader.ReadAsync(range, FakeType.At(Bound), CancellationToken.None, CancellationToken.None)).GetAwaiter().GetResult();
        }
    }
}
