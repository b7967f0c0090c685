// gpu-plugin stands in for NVIDIA's device plugin: it speaks the kubelet's device plugin API and offers as many nvidia.com/gpu as the file
// lab-gpus beside the kubelet's socket says. There is nothing behind them. Without the file it waits, as NVIDIA's does without a driver.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	api "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

const (
	resource = "nvidia.com/gpu"
	socket   = "lab-gpu.sock"
)

type plugin struct {
	api.UnimplementedDevicePluginServer
	devices []*api.Device
}

func (plugin) GetDevicePluginOptions(context.Context, *api.Empty) (*api.DevicePluginOptions, error) {
	return &api.DevicePluginOptions{}, nil
}

func (p plugin) ListAndWatch(_ *api.Empty, stream api.DevicePlugin_ListAndWatchServer) error {
	if err := stream.Send(&api.ListAndWatchResponse{Devices: p.devices}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return nil
}

func (plugin) Allocate(_ context.Context, request *api.AllocateRequest) (*api.AllocateResponse, error) {
	answer := &api.AllocateResponse{}
	for _, container := range request.ContainerRequests {
		answer.ContainerResponses = append(answer.ContainerResponses, &api.ContainerAllocateResponse{
			Envs: map[string]string{"NVIDIA_VISIBLE_DEVICES": strings.Join(container.DevicesIds, ",")},
		})
	}
	return answer, nil
}

// gpus is how many the node has; zero where it does not say.
func gpus() int {
	text, err := os.ReadFile(filepath.Join(api.DevicePluginPath, "lab-gpus"))
	if err != nil {
		return 0
	}
	count, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		log.Fatalf("lab-gpus: %v", err)
	}
	return count
}

// serve offers the devices to the kubelet that listens now, until another one has taken its place.
func serve(devices []*api.Device) error {
	path := filepath.Join(api.DevicePluginPath, socket)
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	api.RegisterDevicePluginServer(server, plugin{devices: devices})
	go server.Serve(listener)
	defer server.Stop()

	before, err := os.Stat(api.KubeletSocket)
	if err != nil {
		return err
	}
	connection, err := grpc.NewClient("unix://"+api.KubeletSocket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	deadline, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err = api.NewRegistrationClient(connection).Register(deadline, &api.RegisterRequest{
		Version: api.Version, Endpoint: socket, ResourceName: resource,
	})
	if err != nil {
		return err
	}
	log.Printf("%d of %s offered", len(devices), resource)
	for {
		time.Sleep(time.Second)
		// A kubelet that has started anew knows no plugin, and its socket is another file.
		now, err := os.Stat(api.KubeletSocket)
		if err == nil && !os.SameFile(before, now) {
			return nil
		}
	}
}

func main() {
	count := gpus()
	if count == 0 {
		log.Print("this node has no GPU: waiting")
		select {}
	}
	var devices []*api.Device
	for index := range count {
		devices = append(devices, &api.Device{ID: fmt.Sprintf("GPU-%04d", index), Health: api.Healthy})
	}
	for {
		if err := serve(devices); err != nil {
			log.Print(err)
			time.Sleep(time.Second)
		}
	}
}
