using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Settings.Reading;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace BubbleSync.Etl;

/// <summary>Registers the engine with a host program.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="SyncEngine"/> as a singleton. Its settings are checked when the host starts; what is wrong ends the start with an
    /// <see cref="OptionsValidationException"/>, which names every setting.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Sets the options; null leaves the defaults.</param>
    public static IServiceCollection AddBubbleSync(this IServiceCollection services, Action<BubbleSyncOptions>? configure = null)
    {
        services.AddOptions<BubbleSyncOptions>().Configure(options => configure?.Invoke(options)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<BubbleSyncOptions>, BubbleSyncOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<BubbleSyncOptions>>().Value;
            var logger = provider.GetService<ILogger<SyncEngine>>() ?? NullLogger<SyncEngine>.Instance;
            return new SyncEngine(options.Settings, provider.GetRequiredService<TimeProvider>(), logger, options.HttpMessageHandler);
        });
        return services;
    }

    /// <summary>The same, with the settings of a section of the host's configuration.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="section">The section, which has the names of the settings file: <c>Bubble</c>, <c>Postgres</c>, <c>Run</c>, <c>Prices</c>.</param>
    public static IServiceCollection AddBubbleSync(this IServiceCollection services, IConfiguration section) =>
        services.AddBubbleSync(options => options.ReadSettings = () => SettingsFile.Read(section));
}
