using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace BubbleSync.Tests.Library;

/// <summary>The engine as a service of a host program.</summary>
public sealed class HostTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task The_example_of_the_page_runs_with_the_settings_of_the_hosts_configuration()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 3 });
        await fixture.ResyncAsync();

        await HostExample.RunAsync(
        [
            "--BubbleSync:Bubble:BaseUrl", $"{fixture.Bubble.BaseUrl}",
            "--BubbleSync:Bubble:ApiToken", new SimulatorOptions().Token,
            "--BubbleSync:Postgres:ConnectionString", fixture.Connection,
        ]);

        Assert.Equal(["incremental|succeeded", "resync|succeeded"], await fixture.RowsAsync("select kind, status from bubblesync.run order by 1"));
    }

    [Fact]
    public async Task Requests_and_log_lines_take_the_ways_of_the_host_and_its_handler_outlives_the_engine()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 3 });
        var log = new Diagnostics.ListLogger();
        using var handler = new CountingHandler();
        using var host = Build(services => services
            .AddSingleton<Microsoft.Extensions.Logging.ILogger<SyncEngine>>(log)
            .AddBubbleSync(options => (options.Settings, options.HttpMessageHandler) = (fixture.Settings, handler)));
        await host.StartAsync();
        var engine = host.Services.GetRequiredService<SyncEngine>();

        var first = await engine.ResyncAsync(new ResyncOptions(), null, fixture.Limit);
        var second = await engine.SyncIncrementalAsync(new IncrementalOptions(), null, fixture.Limit);
        var examined = await engine.ExamineAsync(fixture.Limit);

        Assert.Equal(RunStatus.Succeeded, first.Status);
        Assert.True(examined.Success);
        Assert.True(handler.Requests > first.Api.Calls + second.Api.Calls);
        Assert.Equal(fixture.Bubble.Traffic.Requests, handler.Requests);
        Assert.NotEmpty(log.Lines);
        Assert.False(handler.IsDisposed);
    }

    [Fact]
    public async Task What_is_wrong_with_the_settings_ends_the_start_and_is_named_all_at_once()
    {
        var settings =
            new SyncSettings { Bubble = new BubbleSettings { PageSize = 0, ApiToken = "Bearer x" }, Postgres = new PostgresSettings { MaxConnections = 1 } };
        using var host = Build(services => services.AddBubbleSync(options => options.Settings = settings));

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        string[] expected =
        [
            "Bubble:ApiToken: the token begins with 'Bearer'", "Bubble:PageSize: ", "Postgres:MaxConnections: ", "Bubble:BaseUrl: it is not set. ",
            "Postgres:ConnectionString: it is not set. ",
        ];
        Assert.All(expected, start => Assert.Single(failure.Failures, f => f.StartsWith(start, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, failure.Failures.Count());
        Assert.DoesNotContain("Bearer x", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_section_of_the_configuration_is_read_as_strictly_as_the_file()
    {
        var builder = Host.CreateApplicationBuilder(["--BubbleSync:Bubble:PagSize", "7", "--BubbleSync:Bubble:MaxConcurrency", "many"]);
        builder.Services.AddBubbleSync(builder.Configuration.GetSection("BubbleSync"));
        using var host = builder.Build();

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains(failure.Failures, f => f.Contains("there is no setting 'Bubble:PagSize'. Did you mean 'Bubble:PageSize'?", StringComparison.Ordinal));
        Assert.Contains(failure.Failures, f => f.Contains("Bubble:MaxConcurrency", StringComparison.Ordinal));
    }

    private static IHost Build(Action<IServiceCollection> add)
    {
        var builder = Host.CreateApplicationBuilder();
        add(builder.Services);
        return builder.Build();
    }

    private sealed class CountingHandler() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        private long _requests;

        public long Requests => _requests;

        public bool IsDisposed { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _requests);
            return base.SendAsync(request, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
