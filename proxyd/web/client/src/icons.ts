/** The icon of each resource type: that of its service, and of some types their own. */

const SERVICES: Record<string, string> = import.meta.glob(
  "/node_modules/aws-icons/icons/architecture-service/*.svg",
  { query: "?url", import: "default", eager: true },
);

/** Services whose icon is not called as their namespace is. */
const NAMES: Record<string, string> = {
  ACMPCA: "AWSPrivateCertificateAuthority",
  APS: "AmazonManagedServiceforPrometheus",
  AccessAnalyzer: "AWSIdentityandAccessManagement",
  ApiGatewayV2: "AmazonAPIGateway",
  ApplicationAutoScaling: "AWSApplicationAutoScaling",
  AutoScaling: "AmazonEC2AutoScaling",
  CE: "AWSCostExplorer",
  Cassandra: "AmazonKeyspaces",
  CertificateManager: "AWSCertificateManager",
  DAX: "AmazonDynamoDB",
  DLM: "AmazonElasticBlockStore",
  DMS: "AWSDatabaseMigrationService",
  DSQL: "AmazonAurora",
  DocDB: "AmazonDocumentDB",
  DocDBElastic: "AmazonDocumentDB",
  ECR: "AmazonElasticContainerRegistry",
  ECS: "AmazonElasticContainerService",
  EFS: "AmazonEFS",
  EKS: "AmazonElasticKubernetesService",
  EMRServerless: "AmazonEMR",
  ElasticLoadBalancing: "ElasticLoadBalancing",
  ElasticLoadBalancingV2: "ElasticLoadBalancing",
  Elasticsearch: "AmazonOpenSearchService",
  Events: "AmazonEventBridge",
  FIS: "AWSFaultInjectionService",
  FMS: "AWSFirewallManager",
  GameLift: "AmazonGameLiftServers",
  Glacier: "AmazonSimpleStorageServiceGlacier",
  IAM: "AWSIdentityandAccessManagement",
  ImageBuilder: "AmazonEC2ImageBuilder",
  InspectorV2: "AmazonInspector",
  IoT: "AWSIoTCore",
  KMS: "AWSKeyManagementService",
  KinesisAnalyticsV2: "AmazonManagedServiceforApacheFlink",
  KinesisFirehose: "AmazonDataFirehose",
  Kinesis: "AmazonKinesis",
  Logs: "AmazonCloudWatch",
  MSK: "AmazonManagedStreamingforApacheKafka",
  MWAA: "AmazonManagedWorkflowsforApacheAirflow",
  MediaConvert: "AWSElementalMediaConvert",
  MediaLive: "AWSElementalMediaLive",
  MediaPackage: "AWSElementalMediaPackage",
  NetworkManager: "AWSCloudWAN",
  OpenSearchService: "AmazonOpenSearchService",
  Pipes: "AmazonEventBridge",
  QuickSight: "AmazonQuickSuite",
  RAM: "AWSResourceAccessManager",
  RDS: "AmazonRDS",
  RedshiftServerless: "AmazonRedshift",
  Route53RecoveryReadiness: "AmazonApplicationRecoveryController",
  Route53Resolver: "AmazonRoute53",
  S3: "AmazonSimpleStorageService",
  SES: "AmazonSimpleEmailService",
  SNS: "AmazonSimpleNotificationService",
  SQS: "AmazonSimpleQueueService",
  SSM: "AWSSystemsManager",
  SSO: "AWSIAMIdentityCenter",
  Scheduler: "AmazonEventBridge",
  ServiceDiscovery: "AWSCloudMap",
  StepFunctions: "AWSStepFunctions",
  Synthetics: "AmazonCloudWatch",
  Transfer: "AWSTransferFamily",
  WAFv2: "AWSWAF",
};

const BY_NAME = new Map(
  Object.entries(SERVICES).map(([path, url]) => {
    const name = path.slice(path.lastIndexOf("/") + 1, -".svg".length);
    return [plain(name), url];
  }),
);
const found = new Map<string, string>();

/** The address of a type's icon; empty where there is none. */
export function iconOf(type: string): string {
  const service = type.split("::")[1] ?? "";
  let url = found.get(service);
  if (url === undefined) {
    const own = Object.hasOwn(NAMES, service) ? (NAMES[service] as string) : service;
    const names = [own, `Amazon${service}`, `AWS${service}`];
    url = names.map((name) => BY_NAME.get(plain(name))).find((each) => each !== undefined) ?? "";
    found.set(service, url);
  }
  return url;
}

function plain(name: string): string {
  return name.toLowerCase();
}
