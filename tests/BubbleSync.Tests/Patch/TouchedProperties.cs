using System.Globalization;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Survival;
using Xunit;

namespace BubbleSync.Tests.Patch;

/// <summary>
/// Random histories: after each small sync, patches that looked only at what was touched leave the same tables as patches that looked at everything, also if
/// patches of earlier syncs failed or were cut off.
/// </summary>
public sealed partial class TouchedProperties(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Steps = 9;
    private const int MostChanges = 5;
    private const int Records = 4;

    private static readonly string[] Types = ["agent", "user", "Customer_Profile", "invoice", "invoice_item", "payment", "submit_payment", "seda_registration"];

    private static readonly PruneMode[] Prunes = [PruneMode.Report, PruneMode.Soft, PruneMode.Hard];

    private enum Mishap
    {
        None,
        NoneEither,
        PatchesFail,
        IsCutOff,
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, true)]
    public async Task Touched_rows_are_enough(int seed, bool hasKeys)
    {
        var dice = new Random(seed);
        await using var touched = await OpenAsync(hasKeys);
        await using var full = await OpenAsync(hasKeys);
        foreach (var fixture in new[] { touched, full })
            await fixture.ResyncAsync();

        for (var step = 1; step <= Steps; step++)
        {
            for (var change = dice.Next(1, MostChanges); change > 0; change--)
                Change(dice, touched, full);
            var invoice = dice.Next(2) == 0 ? Id(3, dice.Next(Records)) : null;
            var prune = Prunes[dice.Next(Prunes.Length)];
            await full.ExecuteAsync("delete from bubblesync.patch_state");
            var mishap = step == Steps ? Mishap.None : (Mishap)dice.Next(4);

            foreach (var fixture in new[] { touched, full })
                await SyncAsync(fixture, invoice, prune, mishap);

            // The next step has to make good for it.
            if (mishap is Mishap.PatchesFail or Mishap.IsCutOff)
                continue;

            Assert.Equal(await StateAsync(full), await StateAsync(touched));

            Assert.All((await touched.Engine().PatchAsync([], touched.Limit)).Patches, p => Assert.Equal((PatchStatus.Succeeded, 0L), (p.Status, p.Rows)));
        }
    }

    // Rows are marked as deleted at different moments.
    private static async Task<IReadOnlyList<string>> StateAsync(SyncFixture fixture) =>
        [.. (await fixture.EndStateAsync()).Select(row => MarkedAt().Replace(row, "$1"))];

    private static async Task SyncAsync(SyncFixture fixture, string? invoice, PruneMode prune, Mishap mishap)
    {
        switch (mishap)
        {
            case Mishap.PatchesFail:
                await fixture.ExecuteAsync("alter function bubblesync.is_blank rename to was_blank");
                await SyncAsync(fixture, invoice, prune, fixture.Limit);
                await fixture.ExecuteAsync("alter function bubblesync.was_blank rename to is_blank");
                break;
            case Mishap.IsCutOff:
                await CutOffAsync(fixture, token => SyncAsync(fixture, invoice, prune, token));
                break;
            default:
                await SyncAsync(fixture, invoice, prune, fixture.Limit);
                break;
        }
    }

    // Between the second patch and the third.
    private static async Task CutOffAsync(SyncFixture fixture, Func<CancellationToken, Task> sync)
    {
        var shipped = fixture.Settings;
        var patches = Directory.GetFiles(shipped.Run.Patches).Select(f => (Path.GetFileNameWithoutExtension(f), File.ReadAllText(f)));
        fixture.WithPatches([.. patches, ("025-waits", "select pg_advisory_xact_lock(42)")]);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(fixture.Limit);
        await using (var gate = await HeldLock.ShutAsync(fixture, "select pg_advisory_xact_lock(42)"))
        {
            var run = sync(cut.Token);
            await gate.SomebodyWaitsAsync();
            await cut.CancelAsync();
            await run;
        }

        fixture.Settings = shipped;
    }

    private async Task<SyncFixture> OpenAsync(bool hasKeys)
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        if (hasKeys)
        {
            await fixture.ExecuteAsync(
                """
                alter table seda_registration add foreign key (linked_customer) references customer (customer_id);
                alter table invoice add foreign key (created_by) references "user" (bubble_id), add foreign key (linked_agent) references agent (bubble_id)
                """);
        }

        return fixture;
    }

    private static async Task SyncAsync(SyncFixture fixture, string? invoice, PruneMode prune, CancellationToken cancellationToken)
    {
        if (invoice is not null)
            await fixture.Engine().SyncInvoicesAsync([invoice], new InvoiceSyncOptions(), null, cancellationToken);
        else
            await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Prune = prune, PruneLimitPercent = 100 }, null, cancellationToken);
    }

    private static void Change(Random dice, params SyncFixture[] fixtures)
    {
        var type = dice.Next(Types.Length);
        var id = Id(type, dice.Next(Records));
        var isDeleted = dice.Next(8) == 0;
        var record = Record(dice, type, id);
        foreach (var fixture in fixtures)
        {
            if (isDeleted)
                fixture.Bubble.Records.Delete(Types[type], id);
            else
                fixture.Put(Types[type], record);
        }
    }

    private static string Record(Random dice, int type, string id)
    {
        string[] links = Types[type] switch
        {
            "agent" => [Link(dice, "Linked User Login", 1)],
            "user" => [Link(dice, "Linked Agent Profile", 0)],
            "invoice" =>
            [
                Link(dice, "Linked Agent", 0), Link(dice, "Linked Customer", 2), Link(dice, "Linked SEDA registration", 7), Link(dice, "Created By", 1),
                Links(dice, "Linked Invoice Item", 4), Links(dice, "Linked Payment", 5),
            ],
            "invoice_item" or "payment" or "submit_payment" => [Link(dice, "Linked Invoice", 3)],
            "seda_registration" => [Links(dice, "Linked Invoice", 3), Link(dice, "Linked Customer", 2)],
            _ => [],
        };
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        var fields = links.Where(l => l.Length > 0).Prepend($"\"_id\": \"{id}\", \"Created Date\": \"2026-02-01T00:00:00.000Z\", \"Modified Date\": \"{now}\"");
        return "{" + string.Join(", ", fields) + "}";
    }

    // Null empties the field; an absent one keeps what is there.
    private static string Link(Random dice, string field, int target) => dice.Next(4) switch
    {
        0 => "",
        1 => $"\"{field}\": null",
        _ => $"\"{field}\": \"{Id(target, dice.Next(Records))}\"",
    };

    private static string Links(Random dice, string field, int target) => dice.Next(4) switch
    {
        0 => "",
        1 => $"\"{field}\": []",
        _ => $"\"{field}\": [\"{Id(target, dice.Next(Records))}\", \"{Id(target, dice.Next(Records))}\"]",
    };

    [GeneratedRegex("(\"deleted_in_bubble_at\": )\"[^\"]*\"")]
    private static partial Regex MarkedAt();

    private static string Id(int type, int number) => SyncFixture.Id((type * 100) + number);
}
