/** The icon of each resource type: that of its service, and of some types their own. */

const SERVICES: Record<string, string> = import.meta.glob(
  "/node_modules/aws-icons/icons/architecture-service/*.svg",
  { query: "?url", import: "default", eager: true },
);

/** Services whose icon is not called as their namespace is. */
const NAMES: Record<string, string> = {
  ApiGatewayV2: "AmazonAPIGateway",
  ApplicationAutoScaling: "AWSApplicationAutoScaling",
  AutoScaling: "AmazonEC2AutoScaling",
  Cassandra: "AmazonKeyspaces",
  CertificateManager: "AWSCertificateManager",
  DAX: "AmazonDynamoDB",
  DMS: "AWSDatabaseMigrationService",
  DocDB: "AmazonDocumentDB",
  ECR: "AmazonElasticContainerRegistry",
  ECS: "AmazonElasticContainerService",
  EFS: "AmazonEFS",
  EKS: "AmazonElasticKubernetesService",
  ElasticLoadBalancing: "ElasticLoadBalancing",
  ElasticLoadBalancingV2: "ElasticLoadBalancing",
  Elasticsearch: "AmazonOpenSearchService",
  Events: "AmazonEventBridge",
  IAM: "AWSIdentityandAccessManagement",
  KMS: "AWSKeyManagementService",
  KinesisFirehose: "AmazonDataFirehose",
  Kinesis: "AmazonKinesis",
  Logs: "AmazonCloudWatch",
  MSK: "AmazonManagedStreamingforApacheKafka",
  OpenSearchService: "AmazonOpenSearchService",
  RDS: "AmazonRDS",
  S3: "AmazonSimpleStorageService",
  SES: "AmazonSimpleEmailService",
  SNS: "AmazonSimpleNotificationService",
  SQS: "AmazonSimpleQueueService",
  SSM: "AWSSystemsManager",
  StepFunctions: "AWSStepFunctions",
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
    const names = [NAMES[service] ?? service, `Amazon${service}`, `AWS${service}`];
    url = names.map((name) => BY_NAME.get(plain(name))).find((each) => each !== undefined) ?? "";
    found.set(service, url);
  }
  return url;
}

function plain(name: string): string {
  return name.toLowerCase();
}
