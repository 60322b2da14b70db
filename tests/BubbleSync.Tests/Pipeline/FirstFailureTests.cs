using BubbleSync.Etl.Pipeline;
using Xunit;

namespace BubbleSync.Tests.Pipeline;

public class FirstFailureTests
{
    [Theory]
    [InlineData("disk full", "stopped", "disk full")]
    [InlineData("disk full", "disk full", "stopped")]
    [InlineData("disk full", "stopped", "disk full", "too late")]
    [InlineData("stopped", "stopped", "stopped")]
    [InlineData("timed out", "timed out", "stopped", "too late")]
    public void A_stop_gives_way_to_a_failure_and_the_first_failure_stays(string thrown, params string[] added)
    {
        var failures = new FirstFailure();

        foreach (var message in added)
        {
            Exception failure = message is "stopped" or "timed out" ? new OperationCanceledException(message) : new IOException(message);
            failures.Add(failure, isStopping: message is not "timed out");
        }

        Assert.Equal(thrown, Assert.ThrowsAny<Exception>(failures.Throw).Message);
    }

    [Fact]
    public void Without_a_failure_nothing_is_thrown() => new FirstFailure().Throw();
}
