using System.Text;
using BubbleSync.Benchmarks;
using BubbleSync.Etl.Transform;
using Xunit;

namespace BubbleSync.Tests.Performance;

/// <summary>A page as it is mapped, measured by what it allocates.</summary>
internal static class MappedPage
{
    /// <summary>The records of a page.</summary>
    public const int Records = 100;

    private const int Rounds = 20;

    /// <summary>Returns the least bytes that mapping a page of one record, repeated, allocated.</summary>
    public static long LeastAllocated(RecordMapper mapper, string record)
    {
        var records = string.Join(',', Enumerable.Repeat(record, Records));
        return LeastAllocated(mapper, Encoding.UTF8.GetBytes($$$"""{"response":{"cursor":0,"results":[{{{records}}}],"remaining":0}}"""));
    }

    /// <summary>Returns the least bytes that mapping a page allocated: in the first rounds names are resolved and buffers are rented.</summary>
    public static long LeastAllocated(RecordMapper mapper, byte[] body) => Enumerable.Range(0, Rounds).Min(_ => Allocated(mapper, body));

    private static long Allocated(RecordMapper mapper, byte[] body)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var batch = mapper.Map(PageSource.Page(body)).Batch;
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal((Records, 0), (batch.RowCount, batch.Rejects.Count));
        return allocated;
    }
}
