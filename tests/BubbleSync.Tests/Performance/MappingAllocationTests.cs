using BubbleSync.Benchmarks;
using BubbleSync.Etl.Transform;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Performance;

/// <summary>What a page costs in memory from bytes to COPY rows: a handful of objects, however many records it has.</summary>
public sealed class MappingAllocationTests
{
    // A tenth above what it is, which the simulated data decide and no machine does.
    [Theory]
    [InlineData("agent", 52)]
    [InlineData("customer", 43)]
    [InlineData("invoice", 148)]
    [InlineData("invoice_item", 50)]
    [InlineData("payment", 50)]
    [InlineData("seda_registration", 111)]
    [InlineData("submitted_payment", 59)]
    [InlineData("user", 34)]
    public async Task Parsing_and_mapping_a_page_allocates_little(string entity, int mostBytesPerRecord)
    {
        var body = await PageSource.BodyAsync(Maps.Of(entity).Type);
        var mapper = new RecordMapper(PageSource.Plan(entity));

        Assert.InRange(MappedPage.LeastAllocated(mapper, body) / (double)MappedPage.Records, 0, mostBytesPerRecord);
    }
}
