using System.Buffers;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Messages;
using Xunit;

namespace BubbleSync.Tests.Extract;

public class WindowVerifierTests
{
    [Fact]
    public void A_name_that_is_no_text_neither_stops_the_proof_nor_blinds_it()
    {
        var from = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using var proof = new WindowVerifier(new Window(WindowKind.Created, from, from.AddDays(1)));
        var body = """
            {"response":{"results":[
            {"_id":"1x1","Created Date":"2024-01-01T00:00:00Z","\ud800":1},
            {"_id":"1x1","Created Date":"2024-01-02T00:00:00Z","\udc00 \ud800":1}],"remaining":0}}
            """u8;
        var rented = ArrayPool<byte>.Shared.Rent(body.Length);
        body.CopyTo(rented);

        using var page = RawPage.Parse(rented, body.Length, null);
        proof.Add(page, 0);

        Assert.True(proof.RepeatsAs(proof.Repeats));
        Assert.Equal(1, proof.Outside);
    }
}
