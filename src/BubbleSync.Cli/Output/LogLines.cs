using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace BubbleSync.Cli.Output;

/// <summary>The engine's log on stderr, a line each, as text or as JSON.</summary>
internal static class LogLines
{
    private const string Time = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";

    /// <summary>Makes the loggers; dispose of them so that the last lines are written.</summary>
    /// <param name="isJson">Whether each line is a JSON object.</param>
    /// <param name="least">The lowest level that is written.</param>
    public static ILoggerFactory Create(bool isJson, LogLevel least) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(least);
        if (isJson)
            builder.AddJsonConsole(options => (options.UseUtcTimestamp, options.TimestampFormat) = (true, Time.TrimEnd()));
        else
            builder.AddSimpleConsole(
                options => (options.UseUtcTimestamp, options.TimestampFormat, options.SingleLine, options.ColorBehavior) =
                    (true, Time, true, LoggerColorBehavior.Disabled));
        builder.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
    });
}
