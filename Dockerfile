# The program with the runtime that it needs, run by a user without rights. How to use it: docs/operations.md, "Containers".
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
# Packages are restored in a layer of their own, which stays as long as these files do.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt ./
COPY src/BubbleSync.Cli/BubbleSync.Cli.csproj src/BubbleSync.Cli/
COPY src/BubbleSync.Etl/BubbleSync.Etl.csproj src/BubbleSync.Etl/
COPY src/BubbleSync.EmbeddedPostgres/BubbleSync.EmbeddedPostgres.csproj src/BubbleSync.EmbeddedPostgres/
COPY src/BubbleSync.Simulator/BubbleSync.Simulator.csproj src/BubbleSync.Simulator/
RUN dotnet restore src/BubbleSync.Cli --use-current-runtime -p:PublishReadyToRun=true
COPY README.md ./
COPY config config
COPY src src
# The image has no git, which computes the version elsewhere: docker build --build-arg VERSION=1.2.3
ARG VERSION=0.0.0-container
RUN dotnet publish src/BubbleSync.Cli -c Release --no-restore --use-current-runtime --self-contained false -o /app \
    -p:PublishReadyToRun=true -p:RunAnalyzers=false -p:MinVerSkip=true -p:Version=$VERSION

# The simulator needs ASP.NET.
FROM mcr.microsoft.com/dotnet/aspnet:10.0
COPY --from=build /app /app
# Here files of reports are written, and config/bubblesync.json is looked for.
WORKDIR /data
RUN chown "$APP_UID" /data
USER $APP_UID
ENTRYPOINT ["/app/bubblesync"]
CMD ["--help"]
