using BubbleSync.Benchmarks.EndToEnd;
using Xunit;

namespace BubbleSync.Tests.Benchmarks;

[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class ProcessTimesTests
{
    [Fact]
    public void A_name_with_brackets_and_blanks_does_not_move_the_fields()
    {
        var times = ProcessTimes.Parse("41 (a (b) c) S 7 41 41 0 -1 4194560 1 2 3 4 150 50 2500 500 20 0 1 0 1 1 1");

        Assert.Equal(new ProcessTimes(7, 2, 30), times);
    }

    [Theory]
    [InlineData("Name:\tdotnet\nVmPeak:\t  900 kB\nVmHWM:\t  105200 kB\nVmRSS:\t 1 kB\n", 107_724_800L)]
    [InlineData("Name:\tdotnet\nState:\tZ (zombie)\n", null)]
    public void The_peak_is_what_the_kernel_saw(string status, long? bytes) => Assert.Equal(bytes, ProcessTimes.ParsePeak(status));

    [Fact]
    public void A_process_that_is_gone_has_no_times()
    {
        Assert.Null(ProcessTimes.Of(int.MaxValue));
        Assert.Null(ProcessTimes.OfFamily(int.MaxValue));
        Assert.Null(ProcessTimes.PeakMemory(int.MaxValue));
    }
}
